select
    coupon_id,
    code,
    campaign_id,
    usage_limit,
    usage_count,
    discount_amount,
    recipient_profile_id,
    referral_id,
    starts_at,
    expires_at,
    batch_id,
    is_deleted,
    loaded_at
from {{ ref('base_talon_one__coupons') }}
where row_status = 'staged'
