select
    checkout_id,
    shop_url,
    token,
    cart_token,
    email,
    phone,
    shopify_customer_id,
    total_price,
    created_at,
    updated_at,
    completed_at
from {{ ref('base_shopify__abandoned_checkouts') }}
where row_status = 'staged'
