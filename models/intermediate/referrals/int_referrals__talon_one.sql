{{ config(materialized='view') }}
-- One friend who used an advocate's code on a cart that was closed, or whom the code is reserved for. A code that
-- nobody used and that names nobody is no referral.
with

codes as (
    select * from {{ ref('stg_talon_one__referrals') }}
),

uses as (
    select
        codes.referral_id,
        sessions.profile_id as friend_profile_id,
        min(sessions.closed_at) as completed_at,
        min_by(sessions.session_id, sessions.closed_at) as session_id
    from {{ ref('stg_talon_one__customer_sessions') }} as sessions
    inner join codes on upper(sessions.referral_code) = codes.code
    where sessions.session_state in ('closed', 'partially_returned') and sessions.profile_id is not null
    group by codes.referral_id, sessions.profile_id
),

friends as (
    select
        referral_id,
        friend_profile_id
    from uses
    union distinct
    select
        referral_id,
        friend_profile_id
    from codes
    where friend_profile_id is not null
)

select
    'talon_one:' || friends.referral_id || ':' || {{ foreign_record_id('friends.friend_profile_id') }} as referral_id,
    'talon_one' as source_name,
    codes.code,
    'profile' as advocate_record_type,
    {{ foreign_record_id('codes.advocate_profile_id') }} as advocate_record_id,
    'profile' as friend_record_type,
    {{ foreign_record_id('friends.friend_profile_id') }} as friend_record_id,
    case when uses.referral_id is not null then 'completed' else 'invited' end as referral_state,
    codes.created_at as invited_at,
    uses.completed_at,
    uses.session_id as order_reference
from friends
inner join codes on friends.referral_id = codes.referral_id
left join uses on friends.referral_id = uses.referral_id and friends.friend_profile_id = uses.friend_profile_id
