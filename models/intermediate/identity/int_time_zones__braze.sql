{{ config(materialized='view') }}
-- One profile and a zone that it was in: Braze notes the person's own with every event.
with

events as (
    select
        user_id,
        time_zone,
        occurred_at
    from {{ ref('stg_braze__message_events') }}
    union all
    select
        user_id,
        time_zone,
        occurred_at
    from {{ ref('stg_braze__subscription_changes') }}
    union all
    select
        user_id,
        time_zone,
        occurred_at
    from {{ ref('stg_braze__campaign_events') }}
    union all
    select
        user_id,
        time_zone,
        occurred_at
    from {{ ref('stg_braze__user_events') }}
)

select
    'braze' as source_name,
    'user' as source_record_type,
    events.user_id as source_record_id,
    events.time_zone,
    true as is_persons_own,
    max(events.occurred_at) as seen_at
from events
inner join {{ ref('time_zones') }} as time_zones on events.time_zone = time_zones.time_zone
cross join {{ ref('point_in_time') }} as point_in_time
where events.occurred_at < point_in_time.cut_at
group by events.user_id, events.time_zone
