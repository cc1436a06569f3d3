-- Grain: one figure of a month, or of the year that it ends, that a later build published anew, and why. A reason is
-- what else has changed up to the end of the month (money: within the figure's window) and can move it, the weightiest
-- first: the rules; orders that came late; refunds, if it is money; people who are now one or two; refunds that leave
-- nothing of an order. If none of these did, something else of that time came late: parcels, messages, tickets.
with

metrics as (
    select
        metric,
        unit = 'reporting currency' as is_money,
        unit in ('customers', 'orders', 'reporting currency', 'days', 'visits', 'subscriptions') as is_about_people
    from {{ ref('metrics') }}
),

versions as (
    select
        *,
        lag(value) over versions as value_before,
        lag(published_at) over versions as published_before,
        lag(order_count) over versions as orders_before,
        lag(gross_revenue) over versions as gross_before,
        lag(refunded_amount) over versions as refunded_before,
        lag(customer_count) over versions as customers_before
    from {{ ref('published_figures') }}
    where metric <> 'project_rules'
    window versions as (partition by metric, period_window, period_month order by version)
)

select
    versions.metric,
    versions.period_window,
    versions.period_month,
    versions.version,
    versions.value_before,
    versions.value,
    {{ significant('versions.value - versions.value_before') }} as change,
    case
        when versions.rules_checksum <> versions.rules_before then 'rule_change'
        when
            versions.order_count <> versions.orders_before
            or versions.gross_revenue <> versions.gross_before
            or not coalesce(metrics.is_about_people, true)
            then 'late_data'
        when metrics.is_money and versions.refunded_amount <> versions.refunded_before then 'late_refund'
        when versions.customer_count <> versions.customers_before then 'identity_merge'
        when versions.refunded_amount <> versions.refunded_before then 'late_refund'
        else 'late_data'
    end as reason,
    versions.published_before,
    versions.published_at
from versions
left join metrics on versions.metric = metrics.metric
where versions.version > 1
