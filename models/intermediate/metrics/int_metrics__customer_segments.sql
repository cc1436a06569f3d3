-- One person with a valid order and one segment type: the segment is what the person's first valid order was.
with

first_orders as (
    select * from {{ ref('orders') }}
    where is_first_order
)

select
    customer_id,
    'all' as segment_type,
    'all' as segment
from first_orders
union all
select
    customer_id,
    'channel' as segment_type,
    sales_channel as segment
from first_orders
union all
select
    customer_id,
    'country' as segment_type,
    country_code as segment
from first_orders
where country_code is not null
