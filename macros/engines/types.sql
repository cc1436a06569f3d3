{# Text without surrounding blanks; blank is null. #}
{% macro clean_text(column) -%}
    nullif(trim(cast({{ column }} as string)), '')
{%- endmacro %}


{# Hex SHA-256 of a text. #}
{% macro hash_text(text) -%}
    {{ return(adapter.dispatch('hash_text', 'perennial')(text)) }}
{%- endmacro %}

{% macro default__hash_text(text) -%} sha2({{ text }}, 256) {%- endmacro %}

{% macro duckdb__hash_text(text) -%} sha256({{ text }}) {%- endmacro %}


{# Decimal quotient: engines give different types for decimal / decimal, so both sides are doubles. Null when the divisor is 0. #}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}


{# A double as marts store it: 9 significant digits, so that the order of additions cannot show. #}
{% macro significant(value) -%}
    {{ return(adapter.dispatch('significant', 'perennial')(value)) }}
{%- endmacro %}

{% macro default__significant(value) -%}
    cast(format_string('%.8e', cast({{ value }} as double)) as double)
{%- endmacro %}

{% macro duckdb__significant(value) -%}
    cast(format('{:.8e}', cast({{ value }} as double)) as double)
{%- endmacro %}


{# Whether a text contains a match of a regular expression. #}
{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch('matches', 'perennial')(text, pattern)) }}
{%- endmacro %}

{% macro default__matches(text, pattern) -%} regexp_like({{ text }}, '{{ pattern }}') {%- endmacro %}

{% macro duckdb__matches(text, pattern) -%} regexp_matches({{ text }}, '{{ pattern }}') {%- endmacro %}
