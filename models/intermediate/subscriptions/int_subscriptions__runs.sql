{{ config(materialized='view') }}
-- One uninterrupted run of one subscription, from a start or reactivation to the next end. A subscription that is
-- started again has several.
with

switches as (
    select
        subscription_id,
        occurred_at,
        occurred_on,
        case when event_type in ('started', 'reactivated') then 1 else 0 end as is_start
    from {{ ref('int_subscription_events__unioned') }}
    where event_type in ('started', 'reactivated', 'cancelled', 'expired')
),

-- At one instant the end is the last word, as in int_subscriptions__states.
followed as (
    select
        *,
        lag(is_start) over (partition by subscription_id order by occurred_at asc, is_start desc) as previous_is_start
    from switches
),

changes as (
    select
        subscription_id,
        is_start,
        occurred_on as started_on,
        lead(occurred_on) over (partition by subscription_id order by occurred_at asc, is_start desc) as ended_on,
        row_number() over (partition by subscription_id order by occurred_at asc, is_start desc) as position
    from followed
    where is_start <> coalesce(previous_is_start, 0)
)

select
    subscription_id,
    started_on,
    ended_on,
    lead(started_on) over (partition by subscription_id order by position) as restarted_on
from changes
where is_start = 1
