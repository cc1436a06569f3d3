{# The names of the models in models/audiences/qualifying; an audience's settings stand in seeds/audiences.csv. #}
{% macro audience_models() -%}
    {{ return([
        'advocates', 'churn_risk', 'cross_category', 'delayed_shipment_apology', 'due_for_reorder', 'early_access',
        'just_ordered_invite', 'lapsed_winback', 'loyalty_notice', 'next_order', 'option_preference', 'review_request',
        'service_recovery', 'stranded_points', 'vip_expedited_late'
    ]) }}
{%- endmacro %}
