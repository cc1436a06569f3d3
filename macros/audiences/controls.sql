{# The campaign whose control group gets no marketing in the year of the day after as_of: the one that a message falls into. #}
{% macro universal_campaign() -%}
    'universal:' || cast(year({{ add_days('point_in_time.as_of', 1) }}) as string)
{%- endmacro %}

{#
    Joins the control groups that a row of qualified may be in: of its audience (own) and of the year (universal). In reach
    are qualified, settings, point_in_time and controls, the arms that are control. Each condition compares one side with
    the other: one that looks at the left side alone would cost a look at every pair.
#}
{% macro join_controls() -%}
    left join controls as own
        on
            case when settings.may_have_holdout then qualified.audience end = own.campaign
            and qualified.customer_id = own.customer_id
    left join controls as universal
        on
            case when settings.may_have_holdout then {{ universal_campaign() }} end = universal.campaign
            and qualified.customer_id = universal.customer_id
{%- endmacro %}
