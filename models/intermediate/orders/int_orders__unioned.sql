-- One order of any system, placed before the cut.
with

orders as (
    {{ union_subject('orders', ['pos', 'shopify']) | indent(4) }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
)

select
    orders.order_id,
    orders.source_name,
    orders.source_order_id,
    orders.store_id,
    orders.ordered_at,
    cast({{ utc_to_local('orders.ordered_at', 'point_in_time.reporting_timezone') }} as date) as ordered_on,
    orders.fulfilled_at,
    orders.cancelled_at,
    orders.payment_state,
    orders.is_test,
    orders.sales_channel,
    orders.order_source,
    orders.country_code,
    coalesce(orders.currency_code, point_in_time.reporting_currency) as currency_code,
    orders.tax_amount,
    orders.shipping_amount,
    orders.tip_amount,
    orders.tags,
    orders.order_name
from orders
cross join point_in_time
where orders.ordered_at < point_in_time.cut_at
