select
    location_id,
    shop_url,
    location_name,
    country_code,
    is_active,
    updated_at
from {{ ref('base_shopify__locations') }}
where row_status = 'staged'
