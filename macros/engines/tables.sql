{#
    Change rows of a table that is already written: `changes` maps columns to expressions, `condition` says in which rows;
    without changes the rows are removed. Rows that would stay as they are are left alone.
#}
{% macro rewrite(relation, changes, condition) %}
    {%- do return(adapter.dispatch('rewrite', 'perennial')(relation, changes, condition)) -%}
{% endmacro %}

{% macro duckdb__rewrite(relation, changes, condition) %}
    {%- if changes -%}
        {%- set new_values, differences = [], [] -%}
        {%- for column, value in changes.items() -%}
            {%- do new_values.append(column ~ ' = ' ~ value) -%}
            {%- do differences.append(column ~ ' is distinct from ' ~ value) -%}
        {%- endfor -%}
        {#- A plain "and" would be asked of all rows before the condition's joins. -#}
        {%- do run_query(
            'update ' ~ relation ~ ' set ' ~ new_values | join(', ') ~ ' where case when ' ~ condition ~ ' then '
            ~ differences | join(' or ') ~ ' else false end'
        ) -%}
    {%- else -%}
        {%- do run_query('delete from ' ~ relation ~ ' where ' ~ condition) -%}
    {%- endif -%}
{% endmacro %}

{# Spark changes no row of a Parquet table: the table is written anew, if any row is concerned. #}
{% macro default__rewrite(relation, changes, condition) %}
    {%- if run_query('select 1 from ' ~ relation ~ ' where ' ~ condition ~ ' limit 1').rows -%}
        {%- set kept, changed = [], [] -%}
        {%- for column in adapter.get_columns_in_relation(relation) -%}
            {%- set name = '`' ~ column.name ~ '`' -%}
            {%- do kept.append(name) -%}
            {%- do changed.append(
                'cast(' ~ changes[column.name] ~ ' as ' ~ column.dtype ~ ') as ' ~ name if column.name in changes else name
            ) -%}
        {%- endfor -%}
        {%- set copy = relation.incorporate(path={'identifier': relation.identifier ~ '__rewritten'}, type='table') -%}
        {%- do adapter.drop_relation(copy) -%}
        {%- do run_query(
            'create table ' ~ copy ~ ' using parquet as select ' ~ kept | join(', ') ~ ' from ' ~ relation
            ~ ' where not coalesce(' ~ condition ~ ', false)'
            ~ (' union all select ' ~ changed | join(', ') ~ ' from ' ~ relation ~ ' where ' ~ condition if changes else '')
        ) -%}
        {%- do run_query('insert overwrite ' ~ relation ~ ' select * from ' ~ copy) -%}
        {%- do adapter.drop_relation(copy) -%}
    {%- endif -%}
{% endmacro %}


{# Write what one model needs on its way as a table of that name, or another in its place; returns how to name it in SQL. #}
{% macro write_work_table(name, query) %}
    {%- do return(adapter.dispatch('write_work_table', 'perennial')(name, query)) -%}
{% endmacro %}

{# A temporary table is neither compressed nor written to the database's file. #}
{% macro duckdb__write_work_table(name, query) %}
    {%- do run_query('create or replace temporary table ' ~ name ~ ' as ' ~ query) -%}
    {%- do return(name) -%}
{% endmacro %}

{# Spark has no temporary tables but in the sense of views. #}
{% macro default__write_work_table(name, query) %}
    {%- set table = this.incorporate(path={'identifier': name}, type='table') -%}
    {%- do adapter.drop_relation(table) -%}
    {%- do run_query(create_table_as(false, table, query)) -%}
    {%- do return(table) -%}
{% endmacro %}

{% macro drop_work_table(table) %}
    {%- do run_query('drop table if exists ' ~ table) -%}
{% endmacro %}


{# How a table is kept whose rows are replaced in part: Spark changes no row of a Parquet table, and makes it whole. #}
{% macro replaced_in_part() %}
    {%- do return(adapter.dispatch('replaced_in_part', 'perennial')()) -%}
{% endmacro %}

{% macro duckdb__replaced_in_part() %} {%- do return('incremental') -%} {% endmacro %}

{% macro default__replaced_in_part() %} {%- do return('table') -%} {% endmacro %}


{# Whether a relation of a written name is there, as far as that can be told without asking for its rows. #}
{% macro relation_exists(name) %}
    {%- do return(adapter.dispatch('relation_exists', 'perennial')(name)) -%}
{% endmacro %}

{% macro default__relation_exists(name) %} {%- do return(true) -%} {% endmacro %}

{# Names with quotes or brackets are for the database to judge. #}
{% macro duckdb__relation_exists(name) %}
    {%- set parts = (name | lower).split('.') -%}
    {%- if modules.re.search('[^\\w.]', name) or parts | length not in [2, 3] -%}
        {%- do return(true) -%}
    {%- endif -%}
    {%- do return(run_query(
        "select 1 from information_schema.tables where lower(table_schema) = '" ~ parts[-2] ~ "' and lower(table_name) = '"
        ~ parts[-1] ~ "' and lower(table_catalog) = '" ~ (parts[0] if parts | length == 3 else target.database | lower) ~ "'"
    ).rows | length > 0) -%}
{% endmacro %}
