{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}
-- One monthly figure of the scorecard, for everybody, as a build published it: a new version only when it has changed,
-- null when it is there no longer. Beside it stands what it was made of then, up to the end of its month, so that
-- metric_restatements can say why it changed. Rows are never changed. A build for an earlier as_of publishes nothing.
with

periods as (
    select * from {{ ref('int_metrics__periods') }}
    where period_window = 'month'
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

figures as (
    select * from {{ ref('retention_scorecard') }}
    where period_window = 'month' and segment_type = 'all' and reason is null
),

orders as (
    select * from {{ ref('orders') }}
),

first_days as (
    select
        customer_id,
        min(ordered_on) as first_ordered_on
    from orders
    where customer_id is not null
    group by customer_id
),

days as (
    select
        ordered_on as counted_on,
        count(*) as order_count,
        sum(gross_revenue) as gross_revenue,
        sum(refunded_amount) as refunded_amount,
        0 as customer_count
    from orders
    group by ordered_on
    union all
    select
        first_ordered_on as counted_on,
        0 as order_count,
        0 as gross_revenue,
        0 as refunded_amount,
        count(*) as customer_count
    from first_days
    group by first_ordered_on
),

made_of as (
    select
        periods.period_month,
        sum(days.order_count) as order_count,
        sum(days.gross_revenue) as gross_revenue,
        sum(days.refunded_amount) as refunded_amount,
        sum(days.customer_count) as customer_count
    from periods
    inner join days on periods.ends_on >= days.counted_on
    group by periods.period_month
),

published as (
    select * from {{ source('state', 'published_figures') }}
),

complete as (
    select period_month from periods
    where is_mature
),

newest as (
    select published.*
    from published
    semi join complete on published.period_month = complete.period_month
    qualify row_number() over (
        partition by published.metric, published.period_month
        order by published.version desc
    ) = 1
),

changed as (
    select
        coalesce(figures.metric, newest.metric) as metric,
        coalesce(figures.period_month, newest.period_month) as period_month,
        coalesce(newest.version, 0) + 1 as version,
        figures.numerator,
        figures.denominator,
        figures.value
    from figures
    full outer join newest on figures.metric = newest.metric and figures.period_month = newest.period_month
    where figures.value is distinct from newest.value
)

select
    changed.metric,
    changed.period_month,
    cast(changed.version as int) as version,
    cast(changed.numerator as decimal(18, 2)) as numerator,
    changed.denominator,
    changed.value,
    point_in_time.cut_at as published_at,
    '{{ rules_checksum() }}' as rules_checksum,
    cast(made_of.order_count as bigint) as order_count,
    cast(made_of.gross_revenue as decimal(18, 2)) as gross_revenue,
    cast(made_of.refunded_amount as decimal(18, 2)) as refunded_amount,
    cast(made_of.customer_count as bigint) as customer_count
from changed
cross join point_in_time
left join made_of on changed.period_month = made_of.period_month
where point_in_time.cut_at >= (select coalesce(max(published_at), timestamp '1970-01-01') from published)
