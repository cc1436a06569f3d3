{{ config(materialized='view') }}
-- One fact about an order that seeds/order_exclusions.csv or seeds/sales_channels.csv may name: a flag that is up, a
-- tag, where it came from, the charge of a subscription that made it. Tags and sources are lower case.
with

orders as (
    select * from {{ ref('int_orders__unioned') }}
),

amounts as (
    select * from {{ ref('int_orders__amounts') }}
),

facts as (
    select
        orders.*,
        amounts.line_count,
        amounts.gift_card_line_count,
        amounts.net_revenue,
        amounts.gross_revenue - amounts.discount_amount as revenue_before_refunds
    from orders
    inner join amounts on orders.order_id = amounts.order_id
),

tags as (
    select
        order_id,
        {{ explode("split(lower(tags), ',')") }} as tag
    from facts
    where tags is not null
),

order_names as (
    select * from {{ ref('int_orders__references') }}
)

{% set flags = {
    'test': 'is_test',
    'cancelled': 'cancelled_at is not null and (fulfilled_at is null or fulfilled_at >= cancelled_at)',
    'no_lines': 'line_count = 0',
    'gift_cards_only': 'line_count > 0 and gift_card_line_count = line_count',
    'fully_refunded': 'revenue_before_refunds > 0 and net_revenue <= 0',
} -%}
{%- if not var('count_zero_value_orders') -%}
    {%- do flags.update({
        'zero_value': 'line_count > gift_card_line_count and revenue_before_refunds <= 0',
    }) -%}
{%- endif -%}
{%- for flag, condition in flags.items() -%}
select
    order_id,
    'flag' as attribute,
    '{{ flag }}' as value
from facts
where {{ condition }}
union all
{% endfor -%}
select
    order_id,
    'payment_state' as attribute,
    payment_state as value
from facts
where payment_state is not null
union all
select
    order_id,
    'source' as attribute,
    lower(order_source) as value
from facts
where order_source is not null
union all
select distinct
    order_id,
    'tag' as attribute,
    trim(tag) as value
from tags
where trim(tag) <> ''
union all
select distinct
    order_names.order_id,
    'subscription_charge' as attribute,
    coalesce(events.charge_type, 'recurring') as value
from {{ ref('int_subscription_events__unioned') }} as events
inner join order_names on lower(events.order_reference) = order_names.reference
where events.event_type = 'charged'
union all
select distinct
    exchange_order_id as order_id,
    'flag' as attribute,
    'exchange_for_return' as value
from {{ ref('int_returns__unioned') }}
where exchange_order_id is not null
