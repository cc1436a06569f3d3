{# A number as a person reads it, with thousands separators. #}
{% macro number_text(value, decimals=0) -%}
    {{ return(adapter.dispatch('number_text', 'perennial')(value, decimals)) }}
{%- endmacro %}

{% macro default__number_text(value, decimals) -%}
    format_string('%,.{{ decimals }}f', {{ perennial.off_the_half(value) }})
{%- endmacro %}

{% macro duckdb__number_text(value, decimals) -%}
    format('{:,.{{ decimals }}f}', {{ perennial.off_the_half(value) }})
{%- endmacro %}


{% macro month_text(date) -%}
    {{ return(adapter.dispatch('month_text', 'perennial')(date)) }}
{%- endmacro %}

{% macro default__month_text(date) -%} date_format({{ date }}, 'MMM yyyy') {%- endmacro %}

{% macro duckdb__month_text(date) -%} strftime({{ date }}, '%b %Y') {%- endmacro %}


{% macro day_text(date) -%}
    {{ return(adapter.dispatch('day_text', 'perennial')(date)) }}
{%- endmacro %}

{% macro default__day_text(date) -%} date_format({{ date }}, 'd MMM yyyy') {%- endmacro %}

{% macro duckdb__day_text(date) -%} strftime({{ date }}, '%-d %b %Y') {%- endmacro %}
