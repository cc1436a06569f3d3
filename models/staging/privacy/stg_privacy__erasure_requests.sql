select
    request_id,
    requested_at,
    email,
    phone,
    platform_customer_id,
    loyalty_id,
    loaded_at
from {{ ref('base_privacy__erasure_requests') }}
where row_status = 'staged'
