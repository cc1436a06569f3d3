select
    discount_code_id,
    shop_url,
    code,
    discount_type,
    code_status,
    title,
    usage_count,
    usage_limit,
    starts_at,
    ends_at,
    updated_at
from {{ ref('base_shopify__discount_codes') }}
where row_status = 'staged'
