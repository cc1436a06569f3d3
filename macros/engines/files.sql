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


{#
    The files among them that are no Parquet, whatever their name says. The mark is looked for in the small ones only, where
    it costs nothing: empty files, headers, error pages. About the others the engine says so itself.
#}
{% macro files_not_parquet() %}
    {%- do return(adapter.dispatch('files_not_parquet', 'perennial')()) -%}
{% endmacro %}

{% macro duckdb__files_not_parquet() %}
    {%- set root = perennial.raw_root() -%}
    {#- In two steps, since a filter on size does not keep DuckDB from reading the content. -#}
    {%- set small = run_query(
        "select filename from read_blob(['" ~ root ~ "/*/*.parquet', '" ~ root ~ "/*/*/*.parquet']) where size < 1048576"
    ).columns[0].values() -%}
    {%- if not small -%}
        {%- do return([]) -%}
    {%- endif -%}
    {%- do return(run_query(
        "select filename from read_blob(['" ~ small | join("', '") ~ "'])"
        ~ " where not ends_with(hex(content), hex('PAR1')) order by filename"
    ).columns[0].values()) -%}
{% endmacro %}

{% macro default__files_not_parquet() %}
    {%- do return(run_query(
        "select path from perennial_raw_files where length < 1048576 and not endswith(hex(content), hex('PAR1')) order by path"
    ).columns[0].values()) -%}
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
