-- One month and segment: who was active on the last day before it, and who of them still was on its last day.
-- Counting the same people twice, not two totals, keeps new and reactivated customers out.
with

purchase_days as (
    select * from {{ ref('int_metrics__purchase_days') }}
),

periods as (
    select * from {{ ref('int_metrics__periods') }}
    where period_window = 'month'
),

segments as (
    select * from {{ ref('int_metrics__customer_segments') }}
),

active as (
    select distinct
        purchase_days.customer_id,
        periods.period_month
    from purchase_days
    inner join periods
        on
            purchase_days.ordered_on <= periods.ends_on
            and purchase_days.ordered_on > {{ add_days('periods.ends_on', '-' ~ threshold('active_days')) }}
),

followed as (
    select
        before.customer_id,
        periods.period_month,
        after.customer_id is not null as is_still_active
    from active as before
    inner join periods on {{ add_months('before.period_month', 1) }} = periods.period_month
    left join active as after
        on before.customer_id = after.customer_id and periods.period_month = after.period_month
)

select
    followed.period_month,
    segments.segment_type,
    segments.segment,
    count(*) as active_at_start,
    count(*) filter (where followed.is_still_active) as still_active
from followed
inner join segments on followed.customer_id = segments.customer_id
group by followed.period_month, segments.segment_type, segments.segment
