{# Whole hundredths as points. #}
{% macro as_points(hundredths) -%} cast(cast({{ hundredths }} as bigint) * 0.01 as decimal(18, 2)) {%- endmacro %}


{# The sum of a condition's hundredths as points; 0 where there are none. #}
{% macro points_where(hundredths, condition) -%}
    {{ perennial.as_points('coalesce(sum(case when ' ~ condition ~ ' then ' ~ hundredths ~ ' end), 0)') }}
{%- endmacro %}
