{#
    Talon.One writes how long points wait or live as a number and a unit, such as 30s, 40m, 5D, 2W_U or 1Y: seconds to
    hours in lower case, days to years in upper case, rounded down (_D) or up (_U) to the unit's border. Here the three
    parts, null for anything else (immediate, on_action, unlimited).
#}
{% macro duration_count(column) -%}
    try_cast(regexp_extract({{ column }}, '{{ perennial.duration_pattern() }}', 1) as bigint)
{%- endmacro %}

{% macro duration_unit(column) -%}
    case regexp_extract({{ column }}, '{{ perennial.duration_pattern() }}', 2)
        when 's' then 'second'
        when 'm' then 'minute'
        when 'h' then 'hour'
        when 'D' then 'day'
        when 'W' then 'week'
        when 'M' then 'month'
        when 'Y' then 'year'
    end
{%- endmacro %}

{% macro duration_rounding(column) -%}
    case regexp_extract({{ column }}, '{{ perennial.duration_pattern() }}', 3)
        when '_D' then 'down'
        when '_U' then 'up'
    end
{%- endmacro %}

{% macro duration_pattern() -%}^([0-9]+)([smhDWMY])(_[DU])?${%- endmacro %}
