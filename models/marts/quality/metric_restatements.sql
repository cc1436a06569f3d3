-- Grain: one monthly figure that a later build published anew, and why. A reason is what else has changed up to the end of
-- the figure's month, the weightiest first: the rules; orders that came late; people who are now one or two; refunds. If
-- none of these did, something else of that time came late: parcels, messages, tickets.
with

versions as (
    select
        *,
        lag(value) over versions as value_before,
        lag(published_at) over versions as published_before,
        lag(rules_checksum) over versions as rules_before,
        lag(order_count) over versions as orders_before,
        lag(gross_revenue) over versions as gross_before,
        lag(refunded_amount) over versions as refunded_before,
        lag(customer_count) over versions as customers_before
    from {{ ref('published_figures') }}
    window versions as (partition by metric, period_month order by version)
)

select
    metric,
    period_month,
    version,
    value_before,
    value,
    {{ significant('value - value_before') }} as change,
    case
        when rules_checksum <> rules_before then 'rule_change'
        when order_count is distinct from orders_before or gross_revenue is distinct from gross_before then 'late_data'
        when customer_count is distinct from customers_before then 'identity_merge'
        when refunded_amount is distinct from refunded_before then 'late_refund'
        else 'late_data'
    end as reason,
    published_before,
    published_at
from versions
where version > 1
