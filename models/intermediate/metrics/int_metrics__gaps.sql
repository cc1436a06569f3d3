-- One window, month and segment: the median of days between purchase days, by the day of the later one.
with

gaps as (
    select
        customer_id,
        ordered_on,
        {{ days_between('previous_ordered_on', 'ordered_on') }} as gap_days
    from {{ ref('int_metrics__purchase_days') }}
    where previous_ordered_on is not null
),

periods as (
    select * from {{ ref('int_metrics__periods') }}
    where period_window in ('month', 'trailing_365d')
),

segments as (
    select * from {{ ref('int_metrics__customer_segments') }}
)

select
    periods.period_window,
    periods.period_month,
    segments.segment_type,
    segments.segment,
    count(*) as gap_count,
    percentile_cont(0.5) within group (order by gaps.gap_days) as median_days
from gaps
inner join periods on gaps.ordered_on >= periods.starts_on and gaps.ordered_on <= periods.ends_on
inner join segments on gaps.customer_id = segments.customer_id
group by periods.period_window, periods.period_month, segments.segment_type, segments.segment
