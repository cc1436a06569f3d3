-- Grain: a vendor's monthly figure, and one step on the way from it to ours. The first step is the vendor's own figure,
-- the last ours as the scorecard counts it (also where it calls it too few or immature), and those between add up to
-- the difference. Shopify's begin with the first month that it sold in. Orders in another currency than
-- the reporting one are a step of their own, since a vendor's report converts them at rates that nobody knows.
{#- Shopify's figures and what a month as a whole adds to them. -#}
{%- set monthly_steps = [
    ('orders', 'vendor', 'reported_orders'),
    ('net_sales', 'vendor', 'reported_revenue - refunds_by_refund'),
    ('net_sales', 'refunds_by_order_date', 'refunds_by_refund - refunds_by_order'),
    ('net_sales', 'other_currencies', 'our_other_revenue'),
    ('average_order_value', 'vendor', ratio('reported_revenue', 'reported_orders_in_currency')),
    ('average_order_value', 'refunds', '-' ~ ratio('refunds_by_order', 'reported_orders_in_currency')),
    (
        'average_order_value', 'other_orders',
        ratio('our_revenue + our_other_revenue', 'our_converted_orders') ~ ' - coalesce('
        ~ ratio('reported_revenue - refunds_by_order', 'reported_orders_in_currency') ~ ', 0)',
    ),
] %}
{#- What orders of one kind add. -#}
{%- set differences = {
    'orders': 'our_orders - reported_orders', 'net_sales': 'our_revenue - reported_net_revenue',
} %}
{%- set ours = [
    ('shopify', 'orders', 'purchase_frequency', 'numerator'),
    ('shopify', 'net_sales', 'average_order_value', 'numerator'),
    ('shopify', 'average_order_value', 'average_order_value', 'rate'),
    ('stripe', 'subscriber_churn_rate', 'subscriber_churn_rate', 'rate'),
    ('recharge', 'subscriber_churn_rate', 'subscriber_churn_rate', 'rate'),
    ('recharge', 'subscription_churn_rate', 'subscription_churn_rate', 'rate'),
] %}
{%- set rates = [
    ('stripe', 'subscriber_churn_rate', [
        ('vendor', 'subscriber_churn_rate_stripe'), ('starts_in_the_month', 'subscriber_churn_rate_recharge'),
        ('swaps', 'subscriber_churn_rate'),
    ]),
    ('recharge', 'subscriber_churn_rate', [
        ('vendor', 'subscriber_churn_rate_recharge'), ('swaps', 'subscriber_churn_rate'),
    ]),
    ('recharge', 'subscription_churn_rate', [
        ('vendor', 'subscription_churn_rate_recharge'), ('swaps', 'subscription_churn_rate'),
    ]),
] %}
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

orders as (
    select
        orders.*,
        {{ month_of('orders.ordered_on') }} as period_month,
        orders.source_name = 'shopify' and coalesce(orders.invalid_reason, '-') <> 'test' as is_reported,
        orders.is_valid and orders.customer_id is not null as is_ours,
        orders.currency_code = point_in_time.reporting_currency as is_in_currency,
        orders.gross_revenue - orders.discount_amount as ordered_revenue
    from {{ ref('orders') }} as orders
    cross join point_in_time
),

refunds as (
    select
        {{ month_of('refunds.refunded_on') }} as period_month,
        sum(refunds.net_revenue) as refunded_amount
    from {{ ref('refunds') }} as refunds
    cross join point_in_time
    where refunds.source_name = 'shopify' and refunds.currency_code = point_in_time.reporting_currency
    group by {{ month_of('refunds.refunded_on') }}
),

months as (
    select * from {{ ref('int_metrics__periods') }}
    where period_window = 'month'
),

order_steps as (
    select
        period_month,
        case
            when is_reported and is_ours then 'both'
            when is_reported and is_valid then 'nobody_known'
            when is_reported then invalid_reason
            else 'other_systems'
        end as step,
        is_reported,
        is_ours,
        is_in_currency,
        ordered_revenue,
        refunded_amount,
        net_revenue,
        net_revenue_reporting
    from orders
    where is_reported or is_ours
),

sums as (
    select
        period_month,
        step,
        count(*) filter (where is_reported) as reported_orders,
        count(*) filter (where is_reported and is_in_currency) as reported_orders_in_currency,
        count(*) filter (where is_ours) as our_orders,
        count(*) filter (where is_ours and net_revenue_reporting is not null) as our_converted_orders,
        sum(case when is_reported and is_in_currency then ordered_revenue else 0 end) as reported_revenue,
        sum(case when is_reported and is_in_currency then refunded_amount else 0 end) as refunds_by_order,
        sum(case when is_reported and is_in_currency then net_revenue else 0 end) as reported_net_revenue,
        sum(case when is_ours and is_in_currency then net_revenue_reporting else 0 end) as our_revenue,
        sum(case when is_ours and not is_in_currency then coalesce(net_revenue_reporting, 0) else 0 end)
            as our_other_revenue
    from order_steps
    group by period_month, step
),

monthly as (
    select
        months.period_month,
        {%- for column in [
            'reported_orders', 'reported_orders_in_currency', 'our_converted_orders', 'reported_revenue',
            'refunds_by_order', 'our_revenue', 'our_other_revenue',
        ] %}
        sum(coalesce(sums.{{ column }}, 0)) as {{ column }},
        {%- endfor %}
        coalesce(max(refunds.refunded_amount), 0) as refunds_by_refund
    from months
    left join sums on months.period_month = sums.period_month
    left join refunds on months.period_month = refunds.period_month
    group by months.period_month
),

shopify_since as (
    select min(period_month) as period_month
    from order_steps
    where is_reported
),

scorecard as (
    select
        metric,
        period_month,
        numerator,
        {{ ratio('numerator', 'denominator') }} as rate
    from {{ ref('retention_scorecard') }}
    where period_window = 'month' and segment_type = 'all'
),

steps as (
    {%- for measure, step, amount in monthly_steps %}
    select
        'shopify' as vendor,
        '{{ measure }}' as measure,
        period_month,
        '{{ step }}' as step,
        cast({{ amount }} as double) as amount
    from monthly
    union all
    {%- endfor %}
    {%- for measure, amount in differences.items() %}
    select
        'shopify' as vendor,
        '{{ measure }}' as measure,
        period_month,
        step,
        cast({{ amount }} as double) as amount
    from sums
    where step <> 'both'
    union all
    {%- endfor %}
    {%- for vendor, measure, metric, amount in ours %}
    select
        '{{ vendor }}' as vendor,
        '{{ measure }}' as measure,
        period_month,
        'ours' as step,
        cast({{ amount }} as double) as amount
    from scorecard
    where metric = '{{ metric }}'
    {{ 'union all' if not loop.last }}
    {%- endfor %}
    {%- for vendor, measure, chain in rates %}
    {%- for step, metric in chain %}
    union all
    select
        '{{ vendor }}' as vendor,
        '{{ measure }}' as measure,
        scorecard.period_month,
        '{{ step }}' as step,
        scorecard.rate{{ ' - before.rate' if not loop.first }} as amount
    from scorecard
    {%- if not loop.first %}
    inner join scorecard as before
        on scorecard.period_month = before.period_month and before.metric = '{{ chain[loop.index0 - 1][1] }}'
    {%- endif %}
    where scorecard.metric = '{{ metric }}'
    {%- endfor %}
    {%- endfor %}
)

select
    steps.vendor,
    steps.measure,
    steps.period_month,
    cast(
        row_number() over (
            partition by steps.vendor, steps.measure, steps.period_month
            order by case steps.step when 'vendor' then 0 when 'ours' then 2 else 1 end asc, steps.step asc
        ) as bigint
    ) as position,
    steps.step,
    {{ significant('steps.amount') }} as amount
from steps
cross join shopify_since
where
    steps.amount is not null
    and (steps.vendor <> 'shopify' or steps.period_month >= shopify_since.period_month)
