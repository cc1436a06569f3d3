-- Grain: one buyer who has not left yet and is about to: at_risk by seeds/lifecycle_rules.csv, or so much of the own
-- rhythm (customers.churn_days) is over without an order. It begins on the earlier of the two days and ends with
-- churns_on. Trap: who buys every week is here long before the state says so.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

customers as (
    select * from {{ ref('customers') }}
),

rules as (
    select min(at_least) as at_risk_days
    from {{ ref('lifecycle_rules') }}
    where rule_type = 'activity_state' and label = 'at_risk'
),

dated as (
    select
        customers.customer_id,
        customers.last_ordered_on,
        customers.churn_days,
        customers.churns_on,
        customers.average_order_value,
        {{ add_days(
            'customers.last_ordered_on',
            'least(rules.at_risk_days, ceil(' ~ threshold('churn_risk_share') ~ ' * customers.churn_days))'
        ) }} as at_risk_from
    from customers
    cross join rules
    where customers.activity_state in ('active', 'at_risk')
)

select
    '*' as kind,
    dated.customer_id,
    'last order on ' || cast(dated.last_ordered_on as string) as subject,
    {{ day_begins('dated.at_risk_from') }} as triggered_at,
    {{ day_begins('dated.churns_on') }} as ends_at,
    'By the time since the last order about to leave' as reason,
    {{ json_object({
        'last_ordered_on': json_day('dated.last_ordered_on'),
        'churn_days': json_number('dated.churn_days'),
        'churns_on': json_day('dated.churns_on'),
    }) | indent(4) }} as reason_detail,
    cast(null as string) as product_family,
    cast(coalesce(dated.average_order_value, 0) as decimal(18, 2)) as expected_spend
from dated
cross join point_in_time
where
    dated.at_risk_from <= point_in_time.as_of
    and dated.churns_on > {{ add_days('point_in_time.as_of', 1) }}
