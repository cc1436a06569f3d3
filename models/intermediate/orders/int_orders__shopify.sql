{{ config(materialized='view') }}
-- One order.
with

orders as (
    select * from {{ ref('stg_shopify__orders') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

fulfilled as (
    select
        fulfillments.shop_url,
        fulfillments.shopify_order_id,
        min(fulfillments.created_at) as fulfilled_at
    from {{ ref('stg_shopify__fulfillments') }} as fulfillments
    cross join point_in_time
    where
        fulfillments.fulfillment_status = 'success'
        and fulfillments.created_at < point_in_time.cut_at
    group by fulfillments.shop_url, fulfillments.shopify_order_id
),

-- financial_status has no history; the void itself has a time.
voids as (
    select
        shop_url,
        shopify_order_id,
        min(created_at) as voided_at
    from {{ ref('stg_shopify__transactions') }}
    where kind = 'void' and transaction_status = 'success'
    group by shop_url, shopify_order_id
)

select
    'shopify:' || orders.shop_url || ':' || orders.shopify_order_id as order_id,
    'shopify' as source_name,
    orders.shopify_order_id as source_order_id,
    coalesce(orders.location_id, orders.shop_url) as store_id,
    orders.ordered_at,
    fulfilled.fulfilled_at,
    orders.cancelled_at,
    case
        when orders.financial_status = 'voided' and voids.voided_at >= point_in_time.cut_at then 'authorized'
        else orders.financial_status
    end as payment_state,
    orders.is_test,
    'online' as sales_channel,
    orders.order_source,
    orders.country_code,
    orders.currency_code,
    orders.total_tax as tax_amount,
    orders.shipping_amount,
    orders.total_tip as tip_amount,
    orders.tags,
    orders.order_name
from orders
cross join point_in_time
left join fulfilled
    on orders.shop_url = fulfilled.shop_url and orders.shopify_order_id = fulfilled.shopify_order_id
left join voids
    on orders.shop_url = voids.shop_url and orders.shopify_order_id = voids.shopify_order_id
