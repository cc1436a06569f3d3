-- One thing that counts towards a member's tier, at the instant at which it counts, by the metric of the rule in force
-- then. An order counts as ordered (merchandise net of discounts, gift cards out) at the first booking of earned points
-- that names it; under net_spend its refunds are rows of their own. Trap: amounts are in the currency of the order.
with

rules as (
    select distinct
        scenario,
        programme,
        starts_at,
        ends_at,
        tier_metric,
        refunds_downgrade
    from {{ ref('int_loyalty__tiers') }}
),

bookings as (
    select * from {{ ref('int_loyalty_bookings__unioned') }}
    where entry_type in ('earn', 'clawback')
),

amounts as (
    select * from {{ ref('int_orders__amounts') }}
),

refunds as (
    select * from {{ ref('int_refunds__unioned') }}
    where kind in ('goods', 'amount') and order_id is not null
),

order_references as (
    select * from {{ ref('int_loyalty__orders') }}
),

named as (
    select
        bookings.programme,
        bookings.member_id,
        coalesce(order_references.order_id, bookings.order_reference) as order_named,
        min(bookings.booked_at) as counted_at
    from bookings
    left join order_references on bookings.order_reference = order_references.order_reference
    where bookings.entry_type = 'earn' and bookings.order_reference is not null
    group by bookings.programme, bookings.member_id, order_named
),

counted as (
    select
        named.programme,
        named.member_id,
        named.counted_at as occurred_at,
        'order' as kind,
        amounts.gross_revenue - amounts.discount_amount as amount
    from named
    left join amounts on named.order_named = amounts.order_id
    union all
    select
        named.programme,
        named.member_id,
        refunds.refunded_at as occurred_at,
        'refund' as kind,
        -refunds.amount as amount
    from named
    inner join refunds on named.order_named = refunds.order_id
    union all
    select
        programme,
        member_id,
        booked_at as occurred_at,
        entry_type as kind,
        points as amount
    from bookings
)

select
    rules.scenario,
    counted.programme,
    counted.member_id,
    counted.occurred_at,
    cast(case when rules.tier_metric = 'orders' then 1 else counted.amount end as decimal(18, 2)) as amount
from counted
inner join rules
    on
        counted.programme = rules.programme
        and counted.occurred_at >= rules.starts_at
        and counted.occurred_at < rules.ends_at
where
    (counted.kind = 'order' and rules.tier_metric = 'orders')
    or (counted.kind = 'order' and rules.tier_metric in ('spend', 'net_spend') and counted.amount is not null)
    or (counted.kind = 'refund' and rules.tier_metric = 'net_spend')
    or (counted.kind = 'earn' and rules.tier_metric = 'points')
    or (counted.kind = 'clawback' and rules.tier_metric = 'points' and rules.refunds_downgrade)
