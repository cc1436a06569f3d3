select
    recharge_customer_id,
    shopify_customer_id,
    email,
    phone,
    first_name,
    last_name,
    is_in_dunning,
    created_at,
    updated_at
from {{ ref('base_recharge__customers') }}
where row_status = 'staged'
