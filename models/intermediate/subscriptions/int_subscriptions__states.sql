-- One subscription as its events leave it at the cut. A pause lasts until it is resumed, charged or started again.
with

events as (
    select * from {{ ref('int_subscription_events__unioned') }}
),

last_times as (
    select
        subscription_id,
        min(case when event_type in ('started', 'reactivated') then occurred_at end) as first_started_at,
        max(case when event_type in ('started', 'reactivated') then occurred_at end) as last_started_at,
        max(case when event_type in ('cancelled', 'expired') then occurred_at end) as last_ended_at,
        max_by(event_type, case when event_type in ('cancelled', 'expired') then occurred_at end) as last_end,
        max(case when event_type = 'paused' then occurred_at end) as last_paused_at,
        max(case when event_type in ('resumed', 'charged', 'started', 'reactivated') then occurred_at end)
            as last_resumed_at,
        max(case when event_type = 'charged' then occurred_at end) as last_charged_at,
        max(case when event_type = 'charge_failed' then occurred_at end) as last_failed_at,
        count(case when event_type = 'charged' then 1 end) as charge_count,
        count(case when event_type = 'skipped' then 1 end) as skip_count
    from events
    group by subscription_id
),

judged as (
    select
        *,
        coalesce(last_ended_at >= last_started_at, false) as has_ended
    from last_times
)

select
    subscription_id,
    first_started_at,
    case when has_ended then last_ended_at end as ended_at,
    case
        when has_ended then last_end
        when last_paused_at > last_resumed_at then 'paused'
        else 'active'
    end as state,
    coalesce(last_failed_at > coalesce(last_charged_at, first_started_at), false) as is_last_charge_failed,
    last_charged_at,
    charge_count,
    skip_count
from judged
