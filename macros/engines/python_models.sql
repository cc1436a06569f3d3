{# The fits of lifetime models: of the Python model, or, where an engine runs none, of the seed that a command writes. #}
{% macro fitted_parameters() -%}
    {{ return(adapter.dispatch('fitted_parameters', 'perennial')()) }}
{%- endmacro %}

{% macro default__fitted_parameters() -%} {{ ref('clv_parameters') }} {%- endmacro %}

{% macro duckdb__fitted_parameters() -%} {{ ref('int_lifetime__fits') }} {%- endmacro %}
