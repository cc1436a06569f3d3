-- Grain: one order, valid or not. Money is in the order's own currency: sum net_revenue_reporting, never net_revenue
-- across currencies. Trap: an order's money moves when a later refund is booked; for the cash view use refunds by
-- refunded_on.
with

orders as (
    select * from {{ ref('int_orders__unioned') }}
),

amounts as (
    select * from {{ ref('int_orders__amounts') }}
),

attributes as (
    select * from {{ ref('int_orders__attributes') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
    where source_record_type in ('order', 'sale')
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

exclusions as (
    select
        attributes.order_id,
        min_by(rules.invalid_reason, rules.priority) as invalid_reason
    from attributes
    inner join {{ ref('order_exclusions') }} as rules
        on attributes.attribute = rules.attribute and attributes.value = lower(rules.value)
    group by attributes.order_id
),

channels as (
    select
        attributes.order_id,
        min_by(rules.sales_channel, rules.priority) as sales_channel
    from attributes
    inner join {{ ref('sales_channels') }} as rules
        on attributes.attribute = rules.attribute and attributes.value = lower(rules.value)
    group by attributes.order_id
),

rates as (
    select
        from_currency,
        valid_from,
        lead(valid_from) over (partition by from_currency order by valid_from) as valid_to,
        rate
    from {{ ref('exchange_rates') }} as exchange_rates
    inner join point_in_time on exchange_rates.to_currency = point_in_time.reporting_currency
),

joined as (
    select
        orders.*,
        coalesce(channels.sales_channel, orders.sales_channel) as mapped_sales_channel,
        records.customer_id,
        exclusions.invalid_reason,
        amounts.gross_revenue,
        amounts.discount_amount,
        amounts.refunded_amount,
        amounts.net_revenue,
        amounts.gift_card_amount,
        case
            when orders.currency_code = point_in_time.reporting_currency then amounts.net_revenue
            else round(cast(amounts.net_revenue as decimal(19, 2)) * rates.rate, 2)
        end as net_revenue_reporting
    from orders
    cross join point_in_time
    inner join amounts on orders.order_id = amounts.order_id
    left join records
        on
            orders.source_name = records.source_name
            and substr(orders.order_id, length(orders.source_name) + 2) = records.source_record_id
    left join exclusions on orders.order_id = exclusions.order_id
    left join channels on orders.order_id = channels.order_id
    left join rates
        on
            orders.currency_code = rates.from_currency
            and orders.ordered_on >= rates.valid_from
            and orders.ordered_on < coalesce(rates.valid_to, date '9999-12-31')
),

sequenced as (
    select
        *,
        case
            when invalid_reason is null and customer_id is not null
                then row_number() over (
                    partition by customer_id, invalid_reason is null
                    order by ordered_at, order_id
                )
        end as order_sequence
    from joined
)

select
    order_id,
    source_name,
    source_order_id,
    customer_id,
    store_id,
    ordered_at,
    ordered_on,
    mapped_sales_channel as sales_channel,
    country_code,
    invalid_reason is null as is_valid,
    invalid_reason,
    cast(order_sequence as bigint) as order_sequence,
    coalesce(order_sequence = 1, false) as is_first_order,
    gross_revenue,
    discount_amount,
    refunded_amount,
    net_revenue,
    gift_card_amount,
    tax_amount,
    shipping_amount,
    tip_amount,
    currency_code,
    cast(net_revenue_reporting as decimal(18, 2)) as net_revenue_reporting
from sequenced
