{{ config(materialized='view') }}
-- One Braze profile. One that was merged keeps its own address and has the surviving one's id, so that it is the same
-- person; a surviving one that nothing names is known by what the merged ones were.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

merged_users as (
    select * from {{ ref('int_identity__braze_users') }}
),

events as (
    select
        user_id,
        external_user_id,
        occurred_at,
        email,
        case when channel in ('sms', 'whatsapp') then phone end as phone
    from {{ ref('stg_braze__message_events') }}
    where user_id is not null
    union all
    select
        user_id,
        external_user_id,
        occurred_at,
        email,
        phone
    from {{ ref('stg_braze__subscription_changes') }}
    union all
    select
        user_id,
        external_user_id,
        occurred_at,
        null as email,
        null as phone
    from {{ ref('stg_braze__campaign_events') }}
    union all
    select
        user_id,
        external_user_id,
        occurred_at,
        null as email,
        null as phone
    from {{ ref('stg_braze__user_events') }}
    union all
    select
        surviving_user_id as user_id,
        null as external_user_id,
        occurred_at,
        null as email,
        null as phone
    from {{ ref('stg_braze__user_events') }}
    where event = 'merged'
),

profiles as (
    select
        events.user_id,
        min(events.occurred_at) as first_seen_at,
        {{ newest_value('events.external_user_id', 'events.occurred_at') }} as external_user_id,
        {{ newest_value('events.email', 'events.occurred_at') }} as email,
        {{ newest_value('events.phone', 'events.occurred_at') }} as phone
    from events
    cross join point_in_time
    where events.occurred_at < point_in_time.cut_at
    group by events.user_id
),

-- What the profiles that went into a surviving one were known by.
inherited as (
    select
        merged_users.surviving_user_id as user_id,
        {{ newest_value('events.external_user_id', 'events.occurred_at') }} as external_user_id,
        {{ newest_value('events.email', 'events.occurred_at') }} as email,
        {{ newest_value('events.phone', 'events.occurred_at') }} as phone
    from events
    inner join merged_users on events.user_id = merged_users.user_id
    cross join point_in_time
    where events.occurred_at < point_in_time.cut_at
    group by merged_users.surviving_user_id
),

survivors as (
    select
        profiles.user_id,
        coalesce(profiles.external_user_id, inherited.external_user_id) as external_user_id,
        coalesce(profiles.email, inherited.email) as email,
        coalesce(profiles.phone, inherited.phone) as phone
    from profiles
    left join inherited on profiles.user_id = inherited.user_id
),

merged as (
    select
        profiles.user_id,
        profiles.first_seen_at,
        coalesce(survivors.external_user_id, profiles.external_user_id) as external_user_id,
        coalesce(profiles.email, survivors.email) as email,
        coalesce(profiles.phone, survivors.phone) as phone
    from profiles
    left join merged_users on profiles.user_id = merged_users.user_id
    left join survivors on coalesce(merged_users.surviving_user_id, profiles.user_id) = survivors.user_id
)

select
    'braze' as source_name,
    'user' as source_record_type,
    merged.user_id as source_record_id,
    merged.first_seen_at as recorded_at,
    {{ foreign_id('merged.external_user_id', var('braze_external_user_id'), 'merged.email') }},
    merged.phone,
    cast(null as string) as first_name,
    cast(null as string) as last_name,
    false as is_email_verified,
    cast(null as string) as country_code
from merged
