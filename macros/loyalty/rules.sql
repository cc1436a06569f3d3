{# What seeds/loyalty_programmes.csv sets and a scenario may change, beside time zones and dates. #}
{% macro loyalty_settings() %}
    {%- do return({
        'pending_days': 'int', 'expiry_policy': 'string', 'expiry_days': 'int', 'expires_at_midnight': 'boolean',
        'inactivity_resets': 'string', 'reversal_grace_days': 'int', 'clawback_rule': 'string',
        'unlock_above_points': 'decimal(18, 2)', 'unlock_minimum_order': 'decimal(18, 2)', 'tier_metric': 'string',
        'tier_window': 'string', 'tier_window_days': 'int', 'tier_term_days': 'int', 'tier_grace_days': 'int',
        'downgrade_policy': 'string', 'refunds_downgrade': 'boolean', 'point_price': 'decimal(18, 6)',
        'expected_redemption_rate': 'decimal(9, 6)',
    }) -%}
{% endmacro %}


{#
    As a join's condition: the rule in force when something was booked. An expiry that a platform books is part of the ledger
    where the programme leaves expiry to it.
#}
{% macro rules_a_booking(rules, bookings) -%}
    {{ bookings }}.programme = {{ rules }}.programme
            and {{ bookings }}.booked_at >= {{ rules }}.starts_at
            and {{ bookings }}.booked_at < {{ rules }}.ends_at
            and ({{ bookings }}.entry_type <> 'expire' or {{ rules }}.expiry_policy = 'told')
{%- endmacro %}


{# The number of a member, made of the keys: bookings need no join to know it. #}
{% macro member_number(scenario, programme, member_id) -%}
    {{ hash_number([scenario, programme, member_id]) }}
{%- endmacro %}
