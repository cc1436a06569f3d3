{# The values of a JSON object whose keys are not known, as a list of one shape; what is no object gives null. #}
{% macro json_values(column, shape) -%}
    {{ return(adapter.dispatch('json_values', 'perennial')(column, shape)) }}
{%- endmacro %}

{% macro default__json_values(column, shape) -%}
    case
        when {{ is_json(column) }} and startswith(trim({{ column }}), '{')
            then map_values(from_json({{ column }}, 'map<string, {{ perennial.spark_type(shape, as_text=true) }}>'))
    end
{%- endmacro %}

{% macro duckdb__json_values(column, shape) -%}
    {%- set json = 'case when json_valid(' ~ column ~ ') then ' ~ column ~ ' end' -%}
    case
        when json_type({{ json }}) = 'OBJECT'
            then from_json(to_json(json_extract({{ json }}, '$.*')), '{{ tojson([shape]) }}')
    end
{%- endmacro %}
