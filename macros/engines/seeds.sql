{#
    dbt-spark binds seed values as bare quoted text: an apostrophe ends the statement, and an empty cell becomes the text
    None. Here every value is an escaped literal, and an empty cell is null. Found by dbt in place of its own macro.
#}
{% macro spark__load_csv_rows(model, agate_table) %}
    {%- set types = model.config.get('column_types', {}) -%}
    {%- set insert -%}
        insert into {{ this.render() }}
        {%- for row in agate_table.rows %}
        {{ 'values' if loop.first }} (
            {%- for name in agate_table.column_names -%}
                {%- set type = types.get(name, adapter.convert_type(agate_table, loop.index0)) -%}
                cast({{ perennial.spark_literal(row[loop.index0]) }} as {{ type }}){{ ', ' if not loop.last }}
            {%- endfor -%}
        ){{ ',' if not loop.last }}
        {%- endfor %}
    {%- endset -%}
    {%- do adapter.add_query(insert, abridge_sql_log=True) -%}
    {{ return(insert) }}
{% endmacro %}

{% macro spark_literal(value) -%}
    {%- if value is none -%}
        null
    {%- else -%}
        '{{ value | string | replace('\\', '\\\\') | replace("'", "\\'") }}'
    {%- endif -%}
{%- endmacro %}
