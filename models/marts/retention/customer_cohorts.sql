-- Grain: segment, month of the first valid order, months since. Never sum active_customers over months: they are the
-- same people. Rates are null until the cell's month is over by as_of; counts and money so far are shown.
with

purchase_days as (
    select * from {{ ref('int_metrics__purchase_days') }}
),

segments as (
    select * from {{ ref('int_metrics__customer_segments') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

customer_months as (
    select
        customer_id,
        {{ month_of('first_ordered_on') }} as cohort_month,
        {{ months_between('first_ordered_on', 'ordered_on') }} as months_since_first,
        min(day_number) as first_day_number,
        sum(order_count) as order_count,
        sum(net_revenue) as net_revenue
    from purchase_days
    group by customer_id, {{ month_of('first_ordered_on') }}, {{ months_between('first_ordered_on', 'ordered_on') }}
),

-- The first month after the first in which a person came back counts once in the cumulative rate.
marked as (
    select
        customer_id,
        cohort_month,
        months_since_first,
        order_count,
        net_revenue,
        months_since_first > 0
        and row_number() over (partition by customer_id, months_since_first > 0 order by months_since_first) = 1
            as is_first_return
    from customer_months
),

activity as (
    select
        segments.segment_type,
        segments.segment,
        marked.cohort_month,
        marked.months_since_first,
        count(*) as active_customers,
        count(*) filter (where marked.is_first_return) as first_returns,
        sum(marked.order_count) as order_count,
        sum(marked.net_revenue) as net_revenue
    from marked
    inner join segments on marked.customer_id = segments.customer_id
    group by segments.segment_type, segments.segment, marked.cohort_month, marked.months_since_first
),

cohorts as (
    select
        activity.segment_type,
        activity.segment,
        activity.cohort_month,
        activity.active_customers as cohort_customers,
        {{ explode(integers(0, months_between('activity.cohort_month', 'point_in_time.as_of'))) }}
            as months_since_first
    from activity
    cross join point_in_time
    where activity.months_since_first = 0
),

cells as (
    select
        cohorts.segment_type,
        cohorts.segment,
        cohorts.cohort_month,
        cohorts.months_since_first,
        cohorts.cohort_customers,
        coalesce(activity.active_customers, 0) as active_customers,
        sum(coalesce(activity.first_returns, 0)) over (
            partition by cohorts.segment_type, cohorts.segment, cohorts.cohort_month
            order by cohorts.months_since_first
        ) as returned_customers,
        coalesce(activity.order_count, 0) as order_count,
        coalesce(activity.net_revenue, 0) as net_revenue,
        {{ last_day_of_month(add_months('cohorts.cohort_month', 'cohorts.months_since_first')) }}
        <= point_in_time.as_of as is_mature
    from cohorts
    cross join point_in_time
    left join activity
        on
            cohorts.segment_type = activity.segment_type
            and cohorts.segment = activity.segment
            and cohorts.cohort_month = activity.cohort_month
            and cohorts.months_since_first = activity.months_since_first
)

select
    segment_type,
    segment,
    cohort_month,
    cast(months_since_first as bigint) as months_since_first,
    cast(cohort_customers as bigint) as cohort_customers,
    cast(active_customers as bigint) as active_customers,
    case when is_mature then {{ significant(ratio('active_customers', 'cohort_customers')) }} end as retention_rate,
    case
        when is_mature and months_since_first = 0 then cast(1 as double)
        when is_mature then {{ significant(ratio('returned_customers', 'cohort_customers')) }}
    end as cumulative_retention_rate,
    cast(order_count as bigint) as order_count,
    cast(net_revenue as decimal(18, 2)) as net_revenue,
    is_mature,
    case when is_mature then {{ significant(wilson('active_customers', 'cohort_customers', 'low')) }} end as rate_low,
    case when is_mature then {{ significant(wilson('active_customers', 'cohort_customers', 'high')) }} end as rate_high
from cells
