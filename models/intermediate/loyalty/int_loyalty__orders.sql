-- The order that a booking's order_reference names: a web order by its number or name, a sale of a till by its receipt.
with

till_sales as (
    select
        order_id,
        lower(order_id) as reference,
        lower(substr(order_id, length(source_name) + 2)) as receipt
    from {{ ref('int_orders__unioned') }}
    where sales_channel = 'pos'
),

readings as (
    select
        reference,
        order_id
    from {{ ref('int_orders__references') }}
    union all
    select
        reference,
        order_id
    from till_sales
    union all
    select
        receipt as reference,
        order_id
    from till_sales
)

select
    reference as order_reference,
    min(order_id) as order_id
from readings
semi join {{ ref('int_loyalty_bookings__unioned') }} as bookings on readings.reference = bookings.order_reference
group by reference
having count(distinct order_id) = 1
