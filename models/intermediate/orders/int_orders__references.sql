-- One text that names exactly one order: its id or its name, with and without the sign in front. Tools that know orders
-- by whatever the shop told them find theirs here; a name that two shops use names none. What left a till has no
-- parcel.
with

orders as (
    select * from {{ ref('int_orders__unioned') }}
    where sales_channel <> 'pos'
),

names as (
    select
        order_id,
        lower(source_order_id) as reference
    from orders
    union all
    select
        order_id,
        lower(order_name) as reference
    from orders
    union all
    select
        order_id,
        lower(replace(order_name, '#', '')) as reference
    from orders
)

select
    reference,
    min(order_id) as order_id
from names
where reference <> ''
group by reference
having count(distinct order_id) = 1
