-- Grain: one friend whom one advocate brought (completed) or invited, without the rewards.
-- Trap: a person who refers himself looks like two customers until identity joins them; is_self_referral then says so.
with

referrals as (
    select * from {{ ref('int_referrals__unioned') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
),

order_references as (
    select * from {{ ref('int_orders__references') }}
)

select
    referrals.referral_id,
    referrals.source_name,
    case when not coalesce(advocates.is_erased, false) then referrals.code end as code,
    advocates.customer_id as advocate_customer_id,
    friends.customer_id as friend_customer_id,
    referrals.referral_state,
    referrals.invited_at,
    referrals.completed_at,
    order_references.order_id,
    coalesce(advocates.customer_id = friends.customer_id, false) as is_self_referral
from referrals
left join records as advocates
    on
        referrals.source_name = advocates.source_name
        and referrals.advocate_record_type = advocates.source_record_type
        and referrals.advocate_record_id = advocates.source_record_id
left join records as friends
    on
        referrals.source_name = friends.source_name
        and referrals.friend_record_type = friends.source_record_type
        and referrals.friend_record_id = friends.source_record_id
left join order_references on referrals.order_reference = order_references.reference
