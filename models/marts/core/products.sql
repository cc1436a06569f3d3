-- Grain: one variant of one system's catalogue (for points of sale, one article seen on receipts).
-- Tills know no category or brand: an article of theirs has those, and the family, that a catalogue has for its sku,
-- where one sku has one meaning only.
with

products as (
    select * from {{ ref('int_products__unioned') }}
),

sold_as as (
    select
        sku,
        case when count(distinct product_title) = 1 then min(product_title) end as product_title,
        min(brand) as brand,
        min(category) as category
    from products
    where product_id is not null and sku is not null
    group by sku
    having count(distinct category) <= 1 and count(distinct brand) <= 1
)

select
    products.product_key,
    products.source_name,
    products.variant_id,
    products.product_id,
    products.sku,
    products.product_title,
    coalesce(sold_as.product_title, products.product_title, products.sku) as product_family,
    coalesce(products.brand, sold_as.brand) as brand,
    coalesce(products.category, sold_as.category) as category,
    products.is_gift_card
from products
left join sold_as on products.product_id is null and products.sku = sold_as.sku
