{{ config(materialized='view') }}
-- One line, amounts without tax. Where prices contain it, the line's own tax comes off its discounted price, and the
-- same share off its discount. Tips are no merchandise.
with

lines as (
    select
        *,
        cast(quantity as decimal(19, 4)) * unit_price - discount_amount as paid_amount
    from {{ ref('stg_shopify__order_lines') }}
    where not is_tip
),

untaxed as (
    select
        *,
        round(paid_amount - case when is_tax_included then tax_amount else 0 end, 2) as net_amount,
        case
            when is_tax_included and paid_amount > 0
                then round(cast(
                    cast(discount_amount as double) * {{ ratio('paid_amount - tax_amount', 'paid_amount') }}
                    as decimal(18, 6)
                ), 2)
            else round(discount_amount, 2)
        end as untaxed_discount_amount
    from lines
)

select
    'shopify:' || shop_url || ':' || shopify_order_id || ':' || line_id as order_line_id,
    'shopify:' || shop_url || ':' || shopify_order_id as order_id,
    'shopify:' || shop_url || ':' || variant_id as product_key,
    product_id,
    variant_id,
    sku,
    product_title,
    quantity,
    net_amount + untaxed_discount_amount as gross_amount,
    untaxed_discount_amount as discount_amount,
    is_gift_card
from untaxed
