-- One line, amounts without tax: where prices contain tax, the line's own tax comes off. Tips are no merchandise.
select
    'shopify:' || shop_url || ':' || shopify_order_id || ':' || line_id as order_line_id,
    'shopify:' || shop_url || ':' || shopify_order_id as order_id,
    'shopify:' || shop_url || ':' || variant_id as product_key,
    product_id,
    variant_id,
    sku,
    product_title,
    quantity,
    round(
        cast(quantity as decimal(19, 4)) * unit_price - case when is_tax_included then tax_amount else 0 end, 2
    ) as gross_amount,
    round(discount_amount, 2) as discount_amount,
    is_gift_card
from {{ ref('stg_shopify__order_lines') }}
where not is_tip
