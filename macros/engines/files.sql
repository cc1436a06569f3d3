{# Every Parquet file two or three levels below PERENNIAL_RAW, sorted. #}
{% macro raw_files() %}
    {%- do return(adapter.dispatch('raw_files', 'perennial')()) -%}
{% endmacro %}

{% macro duckdb__raw_files() %}
    {%- set root = perennial.raw_root() -%}
    {%- do return(run_query(
        "select file from glob(['" ~ root ~ "/*/*.parquet', '" ~ root ~ "/*/*/*.parquet']) order by file"
    ).columns[0].values()) -%}
{% endmacro %}

{# Spark has no glob function: its binaryFile reader lists a folder without opening the files. #}
{% macro default__raw_files() %}
    {%- do run_query(
        "create or replace temporary view perennial_raw_files using binaryFile options (path '"
        ~ perennial.raw_root() ~ "', recursiveFileLookup 'true', pathGlobFilter '*.parquet')"
    ) -%}
    {%- do return(run_query('select path from perennial_raw_files order by path').columns[0].values()) -%}
{% endmacro %}


{% macro file_relation(path) %}
    {%- do return(adapter.dispatch('file_relation', 'perennial')(path)) -%}
{% endmacro %}

{% macro duckdb__file_relation(path) %}
    {%- do return("read_parquet('" ~ path ~ "', union_by_name = true)") -%}
{% endmacro %}

{% macro default__file_relation(path) %}
    {%- do return('parquet.`' ~ path ~ '`') -%}
{% endmacro %}
