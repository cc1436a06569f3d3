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


{# Every match of a regular expression replaced. #}
{% macro replace_pattern(text, pattern, replacement) -%}
    {{ return(adapter.dispatch('replace_pattern', 'perennial')(text, pattern, replacement)) }}
{%- endmacro %}

{% macro default__replace_pattern(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}')
{%- endmacro %}

{% macro duckdb__replace_pattern(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}


{# An aggregate: texts joined in an order; what is null is left out. #}
{% macro join_texts(text, separator, order_by) -%}
    {{ return(adapter.dispatch('join_texts', 'perennial')(text, separator, order_by)) }}
{%- endmacro %}

{% macro default__join_texts(text, separator, order_by) -%}
    listagg({{ text }}, '{{ separator }}') within group (order by {{ order_by }})
{%- endmacro %}

{% macro duckdb__join_texts(text, separator, order_by) -%}
    string_agg({{ text }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}


{# The list of all matches of a regular expression in a text. #}
{% macro all_matches(text, pattern) -%}
    {{ return(adapter.dispatch('all_matches', 'perennial')(text, pattern)) }}
{%- endmacro %}

{% macro default__all_matches(text, pattern) -%} regexp_extract_all({{ text }}, '{{ pattern }}', 0) {%- endmacro %}

{% macro duckdb__all_matches(text, pattern) -%} regexp_extract_all({{ text }}, '{{ pattern }}') {%- endmacro %}


{# The letters of a word, sorted: equal for words that have the same ones. #}
{% macro sorted_letters(word) -%}
    {{ return(adapter.dispatch('sorted_letters', 'perennial')(word)) }}
{%- endmacro %}

{% macro default__sorted_letters(word) -%} array_sort(split({{ word }}, '')) {%- endmacro %}

{% macro duckdb__sorted_letters(word) -%} list_sort(string_split({{ word }}, '')) {%- endmacro %}
