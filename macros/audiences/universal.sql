{# The campaign whose control group gets no marketing in the year of the day after as_of: the one that a message falls into. #}
{% macro universal_campaign(point_in_time='point_in_time') -%}
    'universal:' || cast(year({{ add_days(point_in_time ~ '.as_of', 1) }}) as string)
{%- endmacro %}
