{{ config(
    materialized='incremental', incremental_strategy='append', full_refresh=false,
    on_schema_change='append_new_columns'
) }}
-- One figure of the scorecard for a month, or for the year that it ends, and everybody, as a build published it: a new
-- version only when it has changed, null when it is there no longer. Beside it stands what it was made of then (money:
-- of its window; the rest: up to its end), so that metric_restatements can say why it changed. The rules are such a
-- figure, too (metric project_rules, without a month): a new version for every build with others than the build before.
-- Rows are never changed. A build for an earlier as_of publishes nothing.
with

periods as (
    select * from {{ ref('int_metrics__periods') }}
    where period_window in ('month', 'trailing_365d')
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

figures as (
    select * from {{ ref('retention_scorecard') }}
    where period_window in ('month', 'trailing_365d') and segment_type = 'all' and reason is null
),

orders as (
    select * from {{ ref('orders') }}
),

metrics as (
    select
        metric,
        unit = 'reporting currency' as is_money
    from {{ ref('metrics') }}
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
        count(distinct customer_id) as buyer_count,
        0 as customer_count
    from orders
    group by ordered_on
    union all
    select
        first_ordered_on as counted_on,
        0 as order_count,
        0 as gross_revenue,
        0 as refunded_amount,
        0 as buyer_count,
        count(*) as customer_count
    from first_days
    group by first_ordered_on
),

made_of as (
    select
        periods.period_window,
        periods.period_month,
        kinds.is_money,
        sum(days.order_count) as order_count,
        sum(days.gross_revenue) as gross_revenue,
        sum(days.refunded_amount) as refunded_amount,
        sum(case when kinds.is_money then days.buyer_count else days.customer_count end) as customer_count
    from periods
    cross join (select distinct is_money from metrics) as kinds
    inner join days
        on
            periods.ends_on >= days.counted_on
            and case when kinds.is_money then periods.starts_on else date '1970-01-01' end <= days.counted_on
    group by periods.period_window, periods.period_month, kinds.is_money
),

published as (
    select * from {{ source('state', 'published_figures') }}
),

complete as (
    select
        period_window,
        period_month
    from periods
    where is_mature
),

newest as (
    select published.*
    from published
    semi join complete
        on published.period_window = complete.period_window and published.period_month = complete.period_month
    qualify row_number() over (
        partition by published.metric, published.period_window, published.period_month
        order by published.version desc
    ) = 1
),

changed as (
    select
        coalesce(figures.metric, newest.metric) as metric,
        coalesce(figures.period_window, newest.period_window) as period_window,
        coalesce(figures.period_month, newest.period_month) as period_month,
        coalesce(newest.version, 0) + 1 as version,
        figures.numerator,
        figures.denominator,
        figures.value
    from figures
    full outer join newest
        on
            figures.metric = newest.metric
            and figures.period_window = newest.period_window
            and figures.period_month = newest.period_month
    where figures.value is distinct from newest.value
),

rules_before as (
    select
        version,
        rules_checksum
    from published
    where metric = 'project_rules'
    qualify row_number() over (order by version desc) = 1
),

rules as (
    select
        'project_rules' as metric,
        cast(null as string) as period_window,
        cast(null as date) as period_month,
        coalesce(max(version), 0) + 1 as version,
        null as numerator,
        null as denominator,
        null as value
    from rules_before
    having coalesce(max(rules_checksum), '-') <> '{{ rules_checksum() }}'
),

new_versions as (
    select * from changed
    union all
    select * from rules
)

select
    new_versions.metric,
    new_versions.period_window,
    new_versions.period_month,
    cast(new_versions.version as int) as version,
    cast(new_versions.numerator as decimal(18, 2)) as numerator,
    cast(new_versions.denominator as bigint) as denominator,
    cast(new_versions.value as double) as value,
    point_in_time.cut_at as published_at,
    '{{ rules_checksum() }}' as rules_checksum,
    cast(made_of.order_count as bigint) as order_count,
    cast(made_of.gross_revenue as decimal(18, 2)) as gross_revenue,
    cast(made_of.refunded_amount as decimal(18, 2)) as refunded_amount,
    cast(made_of.customer_count as bigint) as customer_count,
    rules_before.rules_checksum as rules_before
from new_versions
cross join point_in_time
left join rules_before on true
left join metrics on new_versions.metric = metrics.metric
left join made_of
    on
        new_versions.period_window = made_of.period_window
        and new_versions.period_month = made_of.period_month
        and coalesce(metrics.is_money, false) = made_of.is_money
where point_in_time.cut_at >= (select coalesce(max(published_at), timestamp '1970-01-01') from published)
