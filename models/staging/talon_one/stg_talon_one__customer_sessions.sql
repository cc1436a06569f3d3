select
    session_id,
    profile_id,
    store_id,
    session_state,
    total_before_discounts,
    coupon_codes,
    referral_code,
    created_at,
    updated_at,
    closed_at,
    cancelled_at,
    loaded_at
from {{ ref('base_talon_one__customer_sessions') }}
where row_status = 'staged'
