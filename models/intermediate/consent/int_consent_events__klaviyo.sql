{{ config(materialized='view') }}
-- What profiles said about their channels, and events of subscribing and unsubscribing.
with

statements as (
    {{ consent_events_from_statements(ref('stg_klaviyo__consent_statements'), 'klaviyo', 'profile') | indent(4) }}
),

events as (
    select * from {{ ref('stg_klaviyo__events') }}
    where consent_state is not null
),

profiles as (
    select * from {{ ref('stg_klaviyo__profiles') }}
)

select
    source_name,
    source_record_type,
    source_record_id,
    channel,
    purpose,
    state,
    occurred_at,
    address,
    method,
    evidence
from statements
union all
-- A suppression stands as long as versions show it, whatever was said elsewhere meanwhile.
select
    'klaviyo' as source_name,
    'profile' as source_record_type,
    record_id as source_record_id,
    channel,
    'marketing' as purpose,
    state,
    greatest(seen_at, coalesce(stated_at, seen_at)) as occurred_at,
    address,
    method,
    evidence
from {{ ref('stg_klaviyo__consent_statements') }}
where method = 'suppression'
union all
select
    'klaviyo' as source_name,
    'profile' as source_record_type,
    events.profile_id as source_record_id,
    events.channel,
    'marketing' as purpose,
    events.consent_state as state,
    events.occurred_at,
    case events.channel when 'email' then profiles.email when 'sms' then profiles.phone end as address,
    'event' as method,
    events.metric as evidence
from events
left join profiles on events.profile_id = profiles.profile_id
