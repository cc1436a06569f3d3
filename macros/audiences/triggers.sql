{# The UTC instant at which a day begins in the reporting zone; the relation point_in_time must be in reach. #}
{% macro day_begins(day) -%}
    {{ local_to_utc('cast(' ~ day ~ ' as timestamp)', 'point_in_time.reporting_timezone') }}
{%- endmacro %}


{# A JSON object as text, from names and expressions that are JSON text already; null where an expression is. #}
{% macro json_object(fields) -%}
    '{'
    {%- for name, value in fields.items() %}
    || '{{ ', ' if not loop.first }}"{{ name }}": ' || coalesce({{ value }}, 'null')
    {%- endfor %}
    || '}'
{%- endmacro %}


{# A day or a number as JSON text. #}
{% macro json_day(day) -%} '"' || cast({{ day }} as string) || '"' {%- endmacro %}

{% macro json_number(value) -%} cast({{ value }} as string) {%- endmacro %}
