-- One month and segment: subscriptions, and subscribers, who were active when it began, and who of them ended in it. A
-- paused subscription is active. What the same person replaces or starts again within swap_days has not ended; a
-- subscriber ends with the last subscription.
with

runs as (
    select * from {{ ref('int_subscriptions__runs') }}
),

subscriptions as (
    select * from {{ ref('subscriptions') }}
),

months as (
    select * from {{ ref('int_metrics__periods') }}
    where period_window = 'month'
),

segments as (
    select * from {{ ref('int_metrics__customer_segments') }}
    where segment_type <> 'all'
),

subscription_runs as (
    select
        runs.subscription_id,
        subscriptions.customer_id,
        subscriptions.product_family,
        runs.started_on,
        runs.ended_on,
        coalesce(
            {{ days_between('runs.ended_on', 'runs.restarted_on') }} <= {{ threshold('swap_days') }}
            or (runs.ended_on = subscriptions.ended_on and subscriptions.replaced_by_subscription_id is not null),
            false
        ) as goes_on
    from runs
    inner join subscriptions on runs.subscription_id = subscriptions.subscription_id
),

covered as (
    select
        *,
        max(coalesce(ended_on, date '9999-12-31')) over (
            partition by customer_id
            order by started_on asc, ended_on asc nulls last, subscription_id asc
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from subscription_runs
    where customer_id is not null
),

spells as (
    select
        customer_id,
        started_on,
        ended_on,
        sum(
            case
                when {{ days_between('covered_until', 'started_on') }} <= {{ threshold('swap_days') }} then 0
                else 1
            end
        ) over (
            partition by customer_id
            order by started_on asc, ended_on asc nulls last, subscription_id asc
        ) as spell_number
    from covered
),

subscriber_runs as (
    select
        customer_id,
        min(started_on) as started_on,
        nullif(max(coalesce(ended_on, date '9999-12-31')), date '9999-12-31') as ended_on
    from spells
    group by customer_id, spell_number
),

all_runs as (
    select
        'subscription_churn_rate' as metric,
        customer_id,
        product_family,
        started_on,
        ended_on,
        goes_on
    from subscription_runs
    union all
    select
        'subscriber_churn_rate' as metric,
        customer_id,
        cast(null as string) as product_family,
        started_on,
        ended_on,
        false as goes_on
    from subscriber_runs
),

watched as (
    select
        all_runs.metric,
        all_runs.customer_id,
        all_runs.product_family,
        months.period_month,
        coalesce(all_runs.ended_on <= months.ends_on, false) and not all_runs.goes_on as has_ended
    from all_runs
    inner join months
        on
            all_runs.started_on < months.starts_on
            and coalesce(all_runs.ended_on, date '9999-12-31') >= months.starts_on
),

segmented as (
    select
        metric,
        period_month,
        'all' as segment_type,
        'all' as segment,
        has_ended
    from watched
    union all
    select
        metric,
        period_month,
        'product_family' as segment_type,
        product_family as segment,
        has_ended
    from watched
    where product_family is not null
    union all
    select
        watched.metric,
        watched.period_month,
        segments.segment_type,
        segments.segment,
        watched.has_ended
    from watched
    inner join segments on watched.customer_id = segments.customer_id
)

select
    metric,
    period_month,
    segment_type,
    segment,
    count(*) filter (where has_ended) as ended,
    count(*) as active_at_start
from segmented
group by metric, period_month, segment_type, segment
