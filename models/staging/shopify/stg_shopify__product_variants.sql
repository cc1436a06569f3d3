select
    variant_id,
    shop_url,
    product_id,
    variant_title,
    sku,
    list_price,
    updated_at
from {{ ref('base_shopify__product_variants') }}
where row_status = 'staged'
