-- One event of a person or browser with its session. Who: the record that the event names; else the only one that this
-- browser ever named (by the cut). A browser of several people leaves events without a name to nobody, in sessions of
-- their own.
with

events as (
    select
        event_id,
        source_name,
        source_record_type,
        source_record_id,
        anonymous_id,
        coalesce(anonymous_id, source_record_type || ':' || source_record_id) as device,
        event,
        occurred_at,
        url,
        host,
        path,
        referrer_host,
        campaign_source,
        campaign_medium,
        campaign_name,
        product_id,
        sku,
        order_reference
    from {{ ref('int_web_events__unioned') }}
    where not is_bot
),

only_people as (
    select
        source_name,
        anonymous_id,
        min(source_record_type) as record_type,
        min(source_record_id) as record_id,
        min(occurred_at) as named_at
    from events
    where anonymous_id is not null and source_record_id is not null
    group by source_name, anonymous_id
    having count(distinct source_record_type || ':' || source_record_id) = 1
),

visits as (
    select
        events.*,
        coalesce(events.source_record_type, only_people.record_type) as visitor_record_type,
        coalesce(events.source_record_id, only_people.record_id) as visitor_record_id,
        coalesce(only_people.named_at, case when events.source_record_id is not null then events.occurred_at end)
            as recognised_at
    from events
    left join only_people
        on events.source_name = only_people.source_name and events.anonymous_id = only_people.anonymous_id
),

gaps as (
    select
        *,
        lag(occurred_at) over (
            partition by source_name, device, visitor_record_type, visitor_record_id
            order by occurred_at, event_id
        ) as previous_at,
        row_number() over (
            partition by source_name, device, visitor_record_type, visitor_record_id
            order by occurred_at, event_id
        ) as event_number
    from visits
),

starts as (
    select
        *,
        coalesce(
            {{ seconds_between('previous_at', 'occurred_at') }} > 60 * {{ threshold('session_gap_minutes') }}, true
        ) as is_start
    from gaps
),

placed as (
    select
        *,
        -- The number of the visit's first event, then its id.
        max(case when is_start then lpad(cast(event_number as string), 10, '0') || event_id end) over (
            partition by source_name, device, visitor_record_type, visitor_record_id
            order by occurred_at, event_id
            rows between unbounded preceding and current row
        ) as first_event
    from starts
)

select
    substr({{ hash_text('substr(first_event, 11)') }}, 1, 32) as session_id,
    event_number - cast(substr(first_event, 1, 10) as bigint) + 1 as position,
    event_id,
    source_name,
    device,
    visitor_record_type,
    visitor_record_id,
    recognised_at,
    event,
    occurred_at,
    url,
    host,
    path,
    referrer_host,
    campaign_source,
    campaign_medium,
    campaign_name,
    product_id,
    sku,
    order_reference
from placed
