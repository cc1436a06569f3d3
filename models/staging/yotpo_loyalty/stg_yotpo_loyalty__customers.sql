select
    email,
    third_party_id,
    member_id,
    pos_account_id,
    phone,
    points_balance,
    points_earned,
    credit_balance,
    points_expire_at,
    next_points_expire_on,
    next_points_expire_amount,
    is_member,
    opted_in_at,
    spent_amount,
    last_seen_at,
    tier,
    tier_started_at,
    tier_expires_at,
    referral_code,
    row_number() over (
        partition by member_id
        order by last_seen_at desc nulls last, loaded_at desc nulls last, email asc
    ) = 1 as is_current,
    loaded_at
from {{ ref('base_yotpo_loyalty__customers') }}
where row_status = 'staged'
