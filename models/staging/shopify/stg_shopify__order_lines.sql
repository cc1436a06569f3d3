-- One line of an order, flattened from orders.
with

orders as (
    select
        shop_url,
        shopify_order_id,
        is_tax_included,
        {{ explode('lines') }} as line
    from {{ ref('base_shopify__orders') }}
    where row_status = 'staged'
)

select
    shop_url,
    shopify_order_id,
    cast(line.id as string) as line_id,
    cast(line.product_id as string) as product_id,
    cast(line.variant_id as string) as variant_id,
    {{ clean_text('line.sku') }} as sku,
    {{ clean_text('line.title') }} as product_title,
    {{ clean_text('line.variant_title') }} as variant_title,
    {{ clean_text('line.vendor') }} as brand,
    cast(line.quantity as decimal(18, 4)) as quantity,
    cast(line.price as decimal(18, 4)) as unit_price,
    -- total_discount is the legacy form and usually 0; allocations carry a line's share of every discount.
    case
        when {{ any_element('line.discount_allocations', 'true') }}
            then {{ sum_elements('line.discount_allocations', 'try_cast(element.amount as decimal(18, 4))') }}
        else coalesce(try_cast(line.total_discount as decimal(18, 4)), 0)
    end as discount_amount,
    {{ sum_elements('line.tax_lines', 'try_cast(element.price as decimal(18, 4))') }} as tax_amount,
    is_tax_included,
    coalesce(line.gift_card, false) as is_gift_card,
    -- Tips are lines without a product; nothing but this key tells them from custom items.
    line.tip is not null as is_tip,
    -- Anything that was typed for this line, names of people too.
    line.properties
from orders
