select
    product_id,
    shop_url,
    product_title,
    brand,
    category,
    product_status,
    tags,
    is_gift_card,
    created_at,
    updated_at,
    deleted_at
from {{ ref('base_shopify__products') }}
where row_status = 'staged'
