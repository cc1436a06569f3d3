-- One Shopify customer number and the shop that it is of, whether the account or only an order of it has arrived.
with

numbers as (
    select
        shopify_customer_id,
        shop_url
    from {{ ref('base_shopify__customers') }}
    where row_status = 'staged'
    union all
    select
        shopify_customer_id,
        shop_url
    from {{ ref('base_shopify__orders') }}
    where row_status = 'staged' and shopify_customer_id is not null
)

select
    shopify_customer_id,
    'shopify:' || min(shop_url) || ':' || shopify_customer_id as platform_customer_id
from numbers
group by shopify_customer_id
having count(distinct shop_url) = 1
