-- Grain: one figure of the page (seeds/dashboard_figures.csv), for everybody: the newest period that has a value, as
-- text. A figure without any value still has its row, which says why.
with

scorecard as (
    select * from {{ ref('retention_scorecard') }}
    where segment_type = 'all'
),

periods as (
    select * from {{ ref('int_metrics__periods') }}
),

figures as (
    select * from {{ ref('dashboard_figures') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

newest as (
    select
        *,
        row_number() over (
            partition by metric, period_window
            order by reason is null desc, period_month desc
        ) as recency
    from scorecard
),

described as (
    select
        figures.position,
        figures.metric,
        figures.period_window,
        figures.unit,
        figures.label,
        point_in_time.as_of,
        point_in_time.reporting_currency,
        newest.period_month,
        periods.ends_on,
        newest.numerator,
        newest.denominator,
        newest.value,
        newest.value_low,
        newest.value_high,
        case when newest.metric is null then 'no_source' else newest.reason end as reason,
        metrics.definition
    from figures
    inner join metrics on figures.metric = metrics.metric
    cross join point_in_time
    left join newest
        on figures.metric = newest.metric and figures.period_window = newest.period_window and newest.recency = 1
    left join periods
        on newest.period_window = periods.period_window and newest.period_month = periods.period_month
),

printed as (
    select
        *,
        case
            when ends_on is null then 'to ' || {{ day_text('as_of') }}
            when period_window = 'month' then {{ month_text('period_month') }}
            when period_window = 'trailing_365d' then '365 days to ' || {{ day_text('ends_on') }}
            else 'to ' || {{ day_text('ends_on') }}
        end as period_text,
        case
            when value is not null then {{ figure_text('value') }}
            when reason = 'immature' then 'Not yet'
            when reason = 'too_few' then 'Too few'
            else 'No data'
        end as value_text,
        case
            when value_low is not null then {{ figure_text('value_low') }} || ' – ' || {{ figure_text('value_high') }}
            when value is not null then 'no interval'
            when reason = 'immature' then 'not watched for long enough'
            when reason = 'too_few' then 'fewer than the minimum'
            else 'not in this data'
        end as interval_text,
        case
            when denominator is null then 'none'
            when numerator is null then 'n = ' || {{ number_text('denominator') }}
            when unit in ('money', 'number')
                then {{ number_text('numerator') }} || ' over ' || {{ number_text('denominator') }}
            else {{ number_text('numerator') }} || ' of ' || {{ number_text('denominator') }}
        end as counts_text
    from described
)

select
    position,
    metric,
    period_window,
    label,
    period_text,
    value_text,
    interval_text,
    interval_text || ' · ' || period_text as support_text,
    counts_text,
    definition
from printed
