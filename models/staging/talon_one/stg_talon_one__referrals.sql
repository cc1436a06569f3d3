select
    referral_id,
    code,
    campaign_id,
    advocate_profile_id,
    friend_profile_id,
    created_at,
    usage_limit,
    usage_count,
    expires_at,
    loaded_at
from {{ ref('base_talon_one__referrals') }}
where row_status = 'staged'
