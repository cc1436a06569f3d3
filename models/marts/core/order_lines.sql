-- Grain: one line of goods (or a gift card) on an order. net_revenue is after the discounts and refunds of this line;
-- refunds of an amount without goods belong to no line, so the lines of an order may add up to more than the order.
with

lines as (
    select * from {{ ref('int_order_lines__unioned') }}
),

orders as (
    select * from {{ ref('int_orders__unioned') }}
),

products as (
    select * from {{ ref('products') }}
),

refunds as (
    select
        order_line_id,
        sum(quantity) as refunded_quantity,
        sum(amount) as refunded_amount
    from {{ ref('int_refunds__unioned') }}
    where order_line_id is not null and kind = 'goods'
    group by order_line_id
)

select
    lines.order_line_id,
    lines.order_id,
    coalesce(lines.product_id, products.product_id) as product_id,
    lines.variant_id,
    lines.sku,
    coalesce(products.product_family, lines.product_title) as product_family,
    products.category,
    products.brand,
    lines.product_title,
    lines.quantity,
    cast(coalesce(refunds.refunded_quantity, 0) as decimal(18, 4)) as refunded_quantity,
    lines.is_gift_card,
    cast(lines.gross_amount as decimal(18, 2)) as gross_revenue,
    cast(lines.discount_amount as decimal(18, 2)) as discount_amount,
    cast(coalesce(refunds.refunded_amount, 0) as decimal(18, 2)) as refunded_amount,
    cast(
        case
            when lines.is_gift_card then 0
            else lines.gross_amount - lines.discount_amount - coalesce(refunds.refunded_amount, 0)
        end as decimal(18, 2)
    ) as net_revenue,
    orders.currency_code
from lines
inner join orders on lines.order_id = orders.order_id
left join products on lines.product_key = products.product_key
left join refunds on lines.order_line_id = refunds.order_line_id
