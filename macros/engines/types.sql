{# Text without surrounding blanks; blank is null. #}
{% macro clean_text(column) -%}
    nullif({{ trim_text('cast(' ~ column ~ ' as string)') }}, '')
{%- endmacro %}


{# Every blank that Unicode has, with tabs and line ends: an engine by itself knows only some of them. #}
{% macro trim_text(text) -%}
    {{ return(adapter.dispatch('trim_text', 'perennial')(text, perennial.blanks())) }}
{%- endmacro %}

{% macro default__trim_text(text, blanks) -%} trim(both {{ blanks }} from {{ text }}) {%- endmacro %}

{# Trimming by a list of blanks costs DuckDB a microsecond a text; most texts begin and end with a visible ASCII character. #}
{% macro duckdb__trim_text(text, blanks) -%}
    case
        when unicode({{ text }}) between 33 and 126 and unicode(right({{ text }}, 1)) between 33 and 126 then {{ text }}
        else trim({{ text }}, {{ blanks }})
    end
{%- endmacro %}

{% macro blanks() -%}
    {{- return("' \t\r\n\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000'") -}}
{%- endmacro %}


{# A whole number that landed as a number or as text; null for 12.7, which engines round or cut. #}
{% macro whole_number(column) -%}
    {%- set number = 'try_cast(' ~ column ~ ' as decimal(38, 6))' -%}
    case when {{ number }} = floor({{ number }}) then try_cast({{ number }} as bigint) end
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


{#
    Halves go up: engines round 2.5 and 1.005 differently, the last because its nearest double lies below it. A value moved
    by so little that nobody sees it is never halfway, and then they agree.
#}
{% macro off_the_half(value) -%}
    (cast({{ value }} as double) * cast({{ 1 + 1e-13 }} as double))
{%- endmacro %}


{# A double as marts store it: 9 significant digits, so that the order of additions cannot show. #}
{% macro significant(value) -%}
    {{ return(adapter.dispatch('significant', 'perennial')(value)) }}
{%- endmacro %}

{# Spark writes null as a word, which is no number. #}
{% macro default__significant(value) -%}
    try_cast(format_string('%.8e', {{ perennial.off_the_half(value) }}) as double)
{%- endmacro %}

{% macro duckdb__significant(value) -%}
    cast(format('{:.8e}', {{ perennial.off_the_half(value) }}) as double)
{%- endmacro %}


{# A double as an amount of money. #}
{% macro money(value) -%}
    cast(round({{ perennial.off_the_half(value) }}, 2) as decimal(18, 2))
{%- endmacro %}


{# Whether a text contains a match of a regular expression. #}
{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch('matches', 'perennial')(text, pattern)) }}
{%- endmacro %}

{% macro default__matches(text, pattern) -%} regexp_like({{ text }}, '{{ pattern }}') {%- endmacro %}

{% macro duckdb__matches(text, pattern) -%} regexp_matches({{ text }}, '{{ pattern }}') {%- endmacro %}


{# Whether a text has a part that matches the pattern of another column. #}
{% macro matches_column(text, pattern) -%}
    {{ return(adapter.dispatch('matches_column', 'perennial')(text, pattern)) }}
{%- endmacro %}

{% macro default__matches_column(text, pattern) -%} regexp_like({{ text }}, {{ pattern }}) {%- endmacro %}

{% macro duckdb__matches_column(text, pattern) -%} regexp_matches({{ text }}, {{ pattern }}) {%- endmacro %}
