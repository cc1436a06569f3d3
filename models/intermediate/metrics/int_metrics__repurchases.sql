-- One window, month, segment and number of days: customers whose first order has been watched for that many days, and
-- who of them bought again on a later day within them. month takes the cohort of the month, to_date everybody up to
-- its end.
{%- set horizons = [30, 60, 365] %}
with

first_days as (
    select * from {{ ref('int_metrics__purchase_days') }}
    where day_number = 1
),

periods as (
    select * from {{ ref('int_metrics__periods') }}
    where period_window in ('month', 'to_date')
),

segments as (
    select * from {{ ref('int_metrics__customer_segments') }}
),

horizons as (
    {%- for days in horizons %}
    {{ 'union all' if not loop.first }}
    select {{ days }} as horizon_days
    {%- endfor %}
),

watched as (
    select
        first_days.customer_id,
        first_days.order_month,
        horizons.horizon_days,
        {{ add_days('first_days.ordered_on', 'horizons.horizon_days') }} as watched_until,
        coalesce(
            first_days.next_ordered_on <= {{ add_days('first_days.ordered_on', 'horizons.horizon_days') }}, false
        ) as has_bought_again
    from first_days
    cross join horizons
),

-- Days stand for people from here on, so that the join with months stays small.
watched_days as (
    select
        segments.segment_type,
        segments.segment,
        watched.order_month,
        watched.horizon_days,
        watched.watched_until,
        count(*) as customers,
        count(*) filter (where watched.has_bought_again) as buyers
    from watched
    inner join segments on watched.customer_id = segments.customer_id
    group by
        segments.segment_type, segments.segment, watched.order_month, watched.horizon_days, watched.watched_until
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
)

select
    periods.period_window,
    periods.period_month,
    watched_days.segment_type,
    watched_days.segment,
    watched_days.horizon_days,
    sum(watched_days.customers) as customers,
    sum(watched_days.buyers) as buyers,
    periods.period_window = 'to_date'
    or max({{ add_days('periods.ends_on', 'watched_days.horizon_days') }}) <= max(point_in_time.as_of) as is_mature
from watched_days
cross join point_in_time
inner join periods
    on
        case
            when periods.period_window = 'month' then watched_days.order_month = periods.period_month
            else watched_days.watched_until <= periods.ends_on
        end
group by
    periods.period_window, periods.period_month, watched_days.segment_type, watched_days.segment,
    watched_days.horizon_days
