-- One row per request to be forgotten, with the customer's number as customer_records write it.
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
from {{ ref('stg_privacy__erasure_requests') }}
