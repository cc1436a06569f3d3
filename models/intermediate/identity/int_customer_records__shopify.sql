{{ config(materialized='view') }}
-- One customer account or order as a sighting of a person. Guests have only what they typed at the checkout.
select
    'shopify' as source_name,
    'customer' as source_record_type,
    shop_url || ':' || shopify_customer_id as source_record_id,
    created_at as recorded_at,
    'shopify:' || shop_url || ':' || shopify_customer_id as platform_customer_id,
    cast(null as string) as loyalty_id,
    email,
    phone,
    first_name,
    last_name,
    is_email_verified,
    country_code
from {{ ref('stg_shopify__customers') }}
union all
select
    'shopify' as source_name,
    'order' as source_record_type,
    shop_url || ':' || shopify_order_id as source_record_id,
    ordered_at as recorded_at,
    'shopify:' || shop_url || ':' || shopify_customer_id as platform_customer_id,
    cast(null as string) as loyalty_id,
    email,
    phone,
    first_name,
    last_name,
    false as is_email_verified,
    country_code
from {{ ref('stg_shopify__orders') }}
