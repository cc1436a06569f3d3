{# The campaign whose control group gets no marketing in the year of the day after as_of: the one that a message falls into. #}
{% macro universal_campaign() -%}
    'universal:' || cast(year({{ add_days('point_in_time.as_of', 1) }}) as string)
{%- endmacro %}

{#
    Joins the control groups that a row of qualified may be in: of its audience (own) and of the year (universal). In reach
    are qualified, settings, point_in_time and controls, the arms that are control.
#}
{% macro join_controls() -%}
    left join controls as own
        on
            settings.may_have_holdout
            and qualified.audience = own.campaign
            and qualified.customer_id = own.customer_id
    left join controls as universal
        on
            settings.may_have_holdout
            and universal.campaign = {{ universal_campaign() }}
            and qualified.customer_id = universal.customer_id
{%- endmacro %}
