{{ config(materialized='view') }}
-- One variant with its product, created before the cut.
with

variants as (
    select * from {{ ref('stg_shopify__product_variants') }}
),

products as (
    select * from {{ ref('stg_shopify__products') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
)

select
    'shopify:' || variants.shop_url || ':' || variants.variant_id as product_key,
    'shopify' as source_name,
    variants.variant_id,
    variants.product_id,
    variants.sku,
    products.product_title,
    products.brand,
    products.category,
    coalesce(products.is_gift_card, false) as is_gift_card
from variants
cross join point_in_time
left join products on variants.shop_url = products.shop_url and variants.product_id = products.product_id
where products.created_at is null or products.created_at < point_in_time.cut_at
