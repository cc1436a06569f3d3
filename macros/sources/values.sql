{# Readings of raw values that several systems share; no dialect here. #}

{#
    An instant: a time with a zone or an offset says which; a text or a type without one is wall-clock time in `zone`.
    (to_utc reads such a time as UTC.)
#}
{% macro to_utc_in(column, zone) -%}
    case
            when {{ is_wall_clock(column) }} then {{ local_to_utc(to_local_time(column), zone) }}
            else {{ to_utc(column) }}
        end
{%- endmacro %}


{# The day that a local date or time names, as its clock showed it. #}
{% macro to_local_date(column) -%}
    cast({{ to_local_time(column) }} as date)
{%- endmacro %}


{# A flag that landed as boolean, as 0 and 1 or as text; what is none of them is false. #}
{% macro to_flag(column) -%}
    coalesce(try_cast({{ column }} as boolean), false)
{%- endmacro %}


{#
    A hand-typed text as words with one blank around each, in lower case, so that a pattern of a seed matches whole
    words: words like '% ' || pattern || ' %'.
#}
{% macro plain_words(column) -%}
    {%- set marks = '_-/:.,;#&+|>()[]!?"*%“”‘’' -%}
    ' ' || trim(replace(replace(replace(
        translate(replace(lower({{ column }}), chr(39), ''), '{{ marks }}', '{{ ' ' * marks | length }}'),
        '    ', ' '), '  ', ' '), '  ', ' ')) || ' '
{%- endmacro %}


{# The id that a shop knows a thing by: the object {"ecommerce": "1"}, or the number or text of older API versions. #}
{% macro shop_reference(column, legacy_column) -%}
    coalesce(
            {{ clean_text(parse_json(column, {'ecommerce': 'string'}) ~ '.ecommerce') }},
            {{ clean_text(legacy_column) }}
        )
{%- endmacro %}


{#
    An amount written for people, with symbol and separators: $1,234.50, 1.234,50 €, -$5. A comma followed by one or two
    last digits is a decimal comma.
#}
{% macro money_text(column) -%}
    {%- set digits = replace_pattern('cast(' ~ column ~ ' as string)', '[^0-9.,-]', '') -%}
    try_cast(
            case
                when {{ matches(digits, ',[0-9]{1,2}$') }} then replace(replace({{ digits }}, '.', ''), ',', '.')
                else replace({{ digits }}, ',', '')
            end as decimal(18, 2)
        )
{%- endmacro %}
