-- One metric, month and segment: subscriptions, or subscribers, who were active when it began, and who of them ended in
-- it. A paused subscription is active. What the same person replaces or starts again within swap_days has not ended; a
-- subscriber ends with the last subscription. Vendors know no swaps, and Stripe adds who came in the month to both.
{%- set swap_days = threshold('swap_days') %}
{%- set metrics = {
    'subscription_churn_rate': ('subscription', swap_days, false),
    'subscriber_churn_rate': ('subscriber', swap_days, false),
    'subscription_churn_rate_recharge': ('subscription', none, false),
    'subscriber_churn_rate_recharge': ('subscriber', 0, false),
    'subscriber_churn_rate_stripe': ('subscriber', 0, true),
} %}
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
            {{ days_between('runs.ended_on', 'runs.restarted_on') }} <= {{ swap_days }}
            or (runs.ended_on = subscriptions.ended_on and subscriptions.replaced_by_subscription_id is not null),
            false
        ) as is_swapped
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
        swaps.swap_days,
        sum(
            case when {{ days_between('covered_until', 'started_on') }} <= swaps.swap_days then 0 else 1 end
        ) over (
            partition by customer_id, swaps.swap_days
            order by started_on asc, ended_on asc nulls last, subscription_id asc
        ) as spell_number
    from covered
    cross join (
        select 0 as swap_days
        union
        select cast({{ swap_days }} as int) as swap_days
    ) as swaps
),

subscriber_runs as (
    select
        customer_id,
        swap_days,
        min(started_on) as started_on,
        nullif(max(coalesce(ended_on, date '9999-12-31')), date '9999-12-31') as ended_on
    from spells
    group by customer_id, swap_days, spell_number
),

all_runs as (
    {%- for metric, (level, healed_days, counts_new) in metrics.items() %}
    {{ 'union all' if not loop.first }}
    select
        '{{ metric }}' as metric,
        customer_id,
        {{ 'product_family' if level == 'subscription' else 'cast(null as string)' }} as product_family,
        started_on,
        ended_on,
        {{ 'is_swapped' if level == 'subscription' and healed_days is not none else 'false' }} as goes_on,
        {{ 'true' if counts_new else 'false' }} as counts_new
    from {{ level }}_runs
    {{ 'where swap_days = ' ~ healed_days if level == 'subscriber' }}
    {%- endfor %}
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
            (
                all_runs.started_on < months.starts_on
                or (all_runs.counts_new and all_runs.started_on <= months.ends_on)
            )
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
