-- One friend whom one advocate brought or invited, as known at the cut: a completion after it has not happened yet.
with

referrals as (
    {{ union_subject('referrals', ['talon_one', 'yotpo_loyalty']) | indent(4) }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
)

select
    referrals.referral_id,
    referrals.source_name,
    referrals.code,
    referrals.advocate_record_type,
    referrals.advocate_record_id,
    referrals.friend_record_type,
    referrals.friend_record_id,
    case when referrals.completed_at >= point_in_time.cut_at then 'invited' else referrals.referral_state end
        as referral_state,
    referrals.invited_at,
    case when referrals.completed_at < point_in_time.cut_at then referrals.completed_at end as completed_at,
    case
        when referrals.completed_at < point_in_time.cut_at
            then lower(replace(replace(referrals.order_reference, 'gid://shopify/Order/', ''), '#', ''))
    end as order_reference
from referrals
cross join point_in_time
where coalesce(referrals.invited_at, timestamp '1970-01-01 00:00:00') < point_in_time.cut_at
