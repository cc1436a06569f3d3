-- Subscriptions that ended in the same month of their life, or run and have survived as many. An end on the day of a
-- renewal belongs to the month before it; a swap is no end.
with

subscriptions as (
    select * from {{ ref('subscriptions') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

spells as (
    select
        subscriptions.started_on,
        coalesce(subscriptions.ended_on, point_in_time.as_of) as watched_until,
        subscriptions.ended_on is not null and subscriptions.replaced_by_subscription_id is null as has_ended
    from subscriptions
    cross join point_in_time
),

months as (
    select
        has_ended,
        {{ months_between('started_on', 'watched_until') }} + case
            when has_ended and day(watched_until) > day(started_on) then 1
            when not has_ended and day(watched_until) < day(started_on) then -1
            else 0
        end as whole_months
    from spells
),

lived as (
    select
        has_ended,
        case when has_ended then greatest(whole_months, 1) else whole_months end as periods
    from months
)

select
    'to_date' as fit_window,
    'all' as segment_type,
    'all' as segment,
    cast(periods as bigint) as periods,
    has_ended,
    count(*) as customers
from lived
where periods > 0
group by periods, has_ended
