-- One metric that is counted by day or month, window, month and segment. A figure that goes on moving after its
-- window (goods come back later) is mature maturity_days of seeds/metrics.csv after it; a year, once the metric was
-- counted all the year.
with

days as (
    select
        *,
        cast(null as decimal(38, 4)) as squares,
        cast(null as bigint) as cases
    from {{ ref('int_metrics__service_days') }}
    union all
    select
        *,
        cast(null as bigint) as cases
    from {{ ref('int_metrics__care_days') }}
    union all
    select * from {{ ref('int_metrics__engagement_days') }}
),

churn as (
    select * from {{ ref('int_metrics__subscription_churn') }}
),

opt_ins as (
    select * from {{ ref('int_metrics__opt_ins') }}
),

periods as (
    select * from {{ ref('int_metrics__periods') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

first_days as (
    select
        metric,
        min(counted_on) as counted_from
    from days
    group by metric
),

rates as (
    select
        days.metric,
        periods.period_window,
        periods.period_month,
        days.segment_type,
        days.segment,
        sum(days.numerator) as numerator,
        sum(days.denominator) as denominator,
        sum(days.squares) as squares,
        sum(coalesce(days.cases, days.denominator)) as cases
    from days
    inner join periods
        on
            days.counted_on >= periods.starts_on
            and days.counted_on <= periods.ends_on
            and periods.period_window in ('month', 'trailing_365d')
    group by days.metric, periods.period_window, periods.period_month, days.segment_type, days.segment
    union all
    select
        metric,
        'month' as period_window,
        period_month,
        segment_type,
        segment,
        ended as numerator,
        active_at_start as denominator,
        cast(null as decimal(38, 4)) as squares,
        active_at_start as cases
    from churn
    union all
    select
        'opt_in_rate' as metric,
        'to_date' as period_window,
        period_month,
        'message_channel' as segment_type,
        channel as segment,
        opted_in as numerator,
        reachable as denominator,
        cast(null as decimal(38, 4)) as squares,
        reachable as cases
    from opt_ins
)

select
    rates.metric,
    rates.period_window,
    rates.period_month,
    rates.segment_type,
    rates.segment,
    cast(rates.numerator as decimal(18, 2)) as numerator,
    -- Money, and goods that are sold by weight.
    cast(rates.denominator as decimal(18, 2)) as denominator,
    cast(rates.squares as double) as sum_of_squares,
    cast(round(rates.cases) as bigint) as cases,
    periods.is_mature
    and {{ days_between('periods.ends_on', 'point_in_time.as_of') }} >= coalesce(metrics.maturity_days, 0)
    and coalesce(rates.period_window <> 'trailing_365d' or first_days.counted_from <= periods.starts_on, true)
        as is_mature
from rates
cross join point_in_time
inner join metrics on rates.metric = metrics.metric
inner join periods on rates.period_window = periods.period_window and rates.period_month = periods.period_month
left join first_days on rates.metric = first_days.metric
