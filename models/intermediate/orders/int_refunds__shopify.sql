{{ config(materialized='view') }}
-- One piece of a refund, without tax. Pieces of a refund that moved no money (restock, exchange) keep their quantity
-- and carry no amount. Gift cards given back reduce the liability, not revenue; shipping and tips are no merchandise.
with

pieces as (
    select * from {{ ref('stg_shopify__refund_lines') }}
),

refunds as (
    select * from {{ ref('stg_shopify__order_refunds') }}
),

orders as (
    select * from {{ ref('stg_shopify__orders') }}
),

order_lines as (
    select * from {{ ref('stg_shopify__order_lines') }}
)

select
    'shopify:' || pieces.shop_url || ':' || pieces.refund_id || ':' || pieces.refund_line_id as refund_line_id,
    'shopify:' || pieces.shop_url || ':' || pieces.refund_id as refund_id,
    'shopify' as source_name,
    pieces.shop_url || ':' || refunds.shopify_order_id as source_record_id,
    'shopify:' || pieces.shop_url || ':' || refunds.shopify_order_id as order_id,
    -- A line that the order does not have (edited away, a tip) is none that the refund could come off.
    case
        when not order_lines.is_tip
            then 'shopify:' || pieces.shop_url || ':' || refunds.shopify_order_id || ':' || order_lines.line_id
    end as order_line_id,
    refunds.refunded_at,
    case
        when order_lines.is_gift_card then 'gift_card'
        when order_lines.is_tip then 'tip'
        else pieces.kind
    end as kind,
    pieces.quantity,
    case
        when not refunds.has_moved_money then 0
        when orders.is_tax_included then round(pieces.amount - pieces.tax_amount, 2)
        else round(pieces.amount, 2)
    end as amount,
    case when refunds.has_moved_money then round(pieces.tax_amount, 2) else 0 end as tax_amount,
    refunds.has_moved_money,
    'online' as sales_channel,
    orders.currency_code
from pieces
inner join refunds on pieces.shop_url = refunds.shop_url and pieces.refund_id = refunds.refund_id
left join orders
    on refunds.shop_url = orders.shop_url and refunds.shopify_order_id = orders.shopify_order_id
left join order_lines
    on
        refunds.shop_url = order_lines.shop_url
        and refunds.shopify_order_id = order_lines.shopify_order_id
        and pieces.line_id = order_lines.line_id
