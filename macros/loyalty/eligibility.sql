{#
    Whether a balance may be spent on an order: it must lie above the unlock, and the order's goods must come to the
    minimum. A rule that is blank asks for nothing; null where the order's worth is not known and the rule asks for it.
#}
{% macro may_redeem(points_available, order_subtotal, unlock_above_points, unlock_minimum_order) -%}
    (
        ({{ unlock_above_points }} is null or {{ points_available }} > {{ unlock_above_points }})
        and ({{ unlock_minimum_order }} is null or {{ order_subtotal }} >= {{ unlock_minimum_order }})
    )
{%- endmacro %}


{# An order never pays with the points that it earned itself; references are those of the bookings. #}
{% macro spends_own_earning(spent_on, earned_with) -%}
    coalesce({{ spent_on }} = {{ earned_with }}, false)
{%- endmacro %}

