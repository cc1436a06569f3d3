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


{# Parquet files deeper than that, which nothing would read. Spark cannot tell them apart. #}
{% macro files_too_deep() %}
    {%- do return(adapter.dispatch('files_too_deep', 'perennial')()) -%}
{% endmacro %}

{% macro default__files_too_deep() %}
    {%- do return([]) -%}
{% endmacro %}

{% macro duckdb__files_too_deep() %}
    {%- do return(run_query(
        "select file from glob('" ~ perennial.raw_root() ~ "/*/*/*/**/*.parquet') order by file"
    ).columns[0].values()) -%}
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


{# The tables of a schema, lower case; none if there is no such schema. #}
{% macro tables_of(schema) %}
    {%- do return(adapter.dispatch('tables_of', 'perennial')(schema)) -%}
{% endmacro %}

{% macro default__tables_of(schema) %}
    {%- if schema in run_query('show schemas').columns[0].values() -%}
        {%- do return(run_query('show tables in ' ~ schema).columns[1].values()) -%}
    {%- endif -%}
    {%- do return([]) -%}
{% endmacro %}

{% macro duckdb__tables_of(schema) %}
    {%- do return(run_query(
        "select lower(table_name) from information_schema.tables where table_catalog = current_database()"
        ~ " and table_schema = '" ~ schema ~ "'"
    ).columns[0].values()) -%}
{% endmacro %}
