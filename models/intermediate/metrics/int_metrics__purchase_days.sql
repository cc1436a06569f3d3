-- One person and day with at least one valid order. Rates that merge same-day orders, curves and gaps start from here.
with

orders as (
    select * from {{ ref('orders') }}
    where is_valid and customer_id is not null
),

days as (
    select
        customer_id,
        ordered_on,
        count(*) as order_count,
        max(order_sequence) as last_order_sequence,
        sum(coalesce(net_revenue_reporting, 0)) as net_revenue,
        count(net_revenue_reporting) as converted_order_count,
        sum(cast(net_revenue_reporting as decimal(19, 2)) * net_revenue_reporting) as squared_revenue
    from orders
    group by customer_id, ordered_on
)

select
    customer_id,
    ordered_on,
    {{ month_of('ordered_on') }} as order_month,
    order_count,
    last_order_sequence,
    cast(net_revenue as decimal(18, 2)) as net_revenue,
    converted_order_count,
    cast(coalesce(squared_revenue, 0) as decimal(38, 4)) as squared_revenue,
    row_number() over (partition by customer_id order by ordered_on) as day_number,
    lag(ordered_on) over (partition by customer_id order by ordered_on) as previous_ordered_on,
    lead(ordered_on) over (partition by customer_id order by ordered_on) as next_ordered_on,
    min(ordered_on) over (partition by customer_id) as first_ordered_on
from days
