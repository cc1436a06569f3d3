select
    transaction_id,
    shop_url,
    shopify_order_id,
    kind,
    transaction_status,
    amount,
    currency_code,
    gateway,
    is_test,
    created_at
from {{ ref('base_shopify__transactions') }}
where row_status = 'staged'
