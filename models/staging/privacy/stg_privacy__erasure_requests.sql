select
    request_id,
    requested_at,
    email,
    phone,
    case
        when platform_customer_id like '%:%' then platform_customer_id
        else {{ shopify_person('platform_customer_id') }}
    end as platform_customer_id,
    loyalty_id,
    loaded_at
from {{ ref('base_privacy__erasure_requests') }}
where row_status = 'staged'
