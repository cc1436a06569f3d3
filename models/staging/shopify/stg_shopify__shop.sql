select
    shop_id,
    shop_url,
    time_zone,
    currency_code,
    updated_at
from {{ ref('base_shopify__shop') }}
where row_status = 'staged'
