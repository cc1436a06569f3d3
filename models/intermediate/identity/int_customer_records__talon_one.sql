{{ config(materialized='view') }}
-- One profile or loyalty card: those that the profile table holds and those that only the ledger, its snapshots, carts
-- and referrals name.
with

sightings as (
    select
        'profile' as record_type,
        profile_id as record_id,
        created_at as seen_at
    from {{ ref('stg_talon_one__customer_profiles') }}
    union all
    select
        case when profile_id is null then 'card' else 'profile' end as record_type,
        coalesce(profile_id, card_id) as record_id,
        booked_at as seen_at
    from {{ ref('stg_talon_one__loyalty_transactions') }}
    union all
    select
        'profile' as record_type,
        profile_id as record_id,
        snapshot_at as seen_at
    from {{ ref('stg_talon_one__loyalty_balances') }}
    union all
    select
        'profile' as record_type,
        profile_id as record_id,
        created_at as seen_at
    from {{ ref('stg_talon_one__customer_sessions') }}
    where profile_id is not null
    union all
    select
        'profile' as record_type,
        advocate_profile_id as record_id,
        created_at as seen_at
    from {{ ref('stg_talon_one__referrals') }}
    union all
    select
        'profile' as record_type,
        friend_profile_id as record_id,
        created_at as seen_at
    from {{ ref('stg_talon_one__referrals') }}
    where friend_profile_id is not null
),

records as (
    select
        record_type,
        record_id,
        min(seen_at) as first_seen_at
    from sightings
    group by record_type, record_id
)

select
    'talon_one' as source_name,
    records.record_type as source_record_type,
    {{ foreign_record_id('records.record_id') }} as source_record_id,
    records.first_seen_at as recorded_at,
    {{ foreign_id(
        'records.record_id', var('talon_one_profile_id'), 'profiles.email', "'talon_one:' || records.record_id"
    ) }},
    profiles.phone,
    cast(null as string) as first_name,
    cast(null as string) as last_name,
    false as is_email_verified,
    cast(null as string) as country_code
from records
left join {{ ref('stg_talon_one__customer_profiles') }} as profiles on records.record_id = profiles.profile_id
where records.record_type = 'profile'
union all
select
    'talon_one' as source_name,
    record_type as source_record_type,
    {{ foreign_record_id('record_id') }} as source_record_id,
    first_seen_at as recorded_at,
    cast(null as string) as platform_customer_id,
    record_id as loyalty_id,
    cast(null as string) as email,
    cast(null as string) as phone,
    cast(null as string) as first_name,
    cast(null as string) as last_name,
    false as is_email_verified,
    cast(null as string) as country_code
from records
where record_type = 'card'
