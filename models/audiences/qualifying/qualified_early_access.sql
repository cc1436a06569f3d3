-- Grain: one buyer with the brand that the person likes best, by early_access_lines lines or more of it; and every VIP,
-- with or without one. It begins with the last order.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

customers as (
    select * from {{ ref('customers') }}
    where is_vip or preferred_brand_lines >= {{ threshold('early_access_lines') }}
),

orders as (
    select * from {{ ref('orders') }}
)

select
    '*' as kind,
    customers.customer_id,
    orders.order_id as subject,
    orders.ordered_at as triggered_at,
    cast(null as timestamp) as ends_at,
    case when customers.is_vip then 'A VIP' else 'Buys the brand' end as reason,
    {{ json_object({
        'brand': json_string('customers.preferred_brand'),
        'brand_lines': json_number('customers.preferred_brand_lines'),
        'is_vip': json_number('customers.is_vip'),
    }) | indent(4) }} as reason_detail,
    cast(null as string) as product_family,
    cast(coalesce(customers.average_order_value, 0) as decimal(18, 2)) as expected_spend
from customers
cross join point_in_time
inner join orders on customers.customer_id = orders.customer_id and customers.order_count = orders.order_sequence
where orders.ordered_at < point_in_time.cut_at
