-- Grain: one buyer who has left: lapsed by seeds/lifecycle_rules.csv, and the time of the person's own rhythm is up
-- (customers.churns_on). It begins on the later of the two days. Orders in stores are orders.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

customers as (
    select * from {{ ref('customers') }}
),

rules as (
    select min(at_least) as lapsed_days
    from {{ ref('lifecycle_rules') }}
    where rule_type = 'activity_state' and label = 'lapsed'
),

dated as (
    select
        customers.customer_id,
        customers.last_ordered_on,
        customers.churns_on,
        customers.average_order_value,
        greatest(customers.churns_on, {{ add_days('customers.last_ordered_on', 'rules.lapsed_days') }}) as lapsed_from
    from customers
    cross join rules
    where customers.activity_state = 'lapsed' and customers.churns_on is not null
)

select
    '*' as kind,
    dated.customer_id,
    'last order on ' || cast(dated.last_ordered_on as string) as subject,
    {{ day_begins('dated.lapsed_from') }} as triggered_at,
    cast(null as timestamp) as ends_at,
    'By the time since the last order gone' as reason,
    {{ json_object({
        'last_ordered_on': json_day('dated.last_ordered_on'),
        'churns_on': json_day('dated.churns_on'),
    }) | indent(4) }} as reason_detail,
    cast(null as string) as product_family,
    cast(coalesce(dated.average_order_value, 0) as decimal(18, 2)) as expected_spend
from dated
cross join point_in_time
where dated.lapsed_from <= point_in_time.as_of
