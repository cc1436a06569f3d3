-- Grain: one variant of one system's catalogue (for points of sale, one article seen on receipts).
with

products as (
    select * from {{ ref('int_products__unioned') }}
)

select
    product_key,
    source_name,
    variant_id,
    product_id,
    sku,
    product_title,
    coalesce(product_title, sku) as product_family,
    brand,
    category,
    is_gift_card
from products
