{{ config(materialized='view') }}
-- One thing that was said before the cut about what a person may be sent.
with

events as (
    {{ union_subject('consent_events', ['shopify', 'klaviyo', 'braze', 'yotpo', 'barilliance']) | indent(4) }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

-- A refusal that nobody dated, not even its delivery, holds from the last moment.
dated as (
    select
        events.*,
        case
            when events.state = 'unsubscribed' and events.occurred_at is null
                then point_in_time.cut_at - interval 1 second
            else events.occurred_at
        end as told_at
    from events
    cross join point_in_time
)

select
    events.source_name,
    events.source_record_type,
    events.source_record_id,
    events.channel,
    events.purpose,
    events.state,
    events.told_at as occurred_at,
    {{ address_match('events.address', 'events.channel') }} as address,
    events.method,
    events.evidence
from dated as events
cross join point_in_time
where events.told_at < point_in_time.cut_at
