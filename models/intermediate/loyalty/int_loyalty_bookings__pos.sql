{{ config(materialized='view') }}
-- What a till's own programme books, if seeds/loyalty_programmes.csv has a row pos with points_per_unit: points for
-- each sale with a card, less with every return (worked out anew on what is left of the sale, rounded down alike),
-- and what receipts say was redeemed. Without such a row there is no booking.
with

zones as (
    select coalesce(max(programmes.time_zone), max(point_in_time.reporting_timezone)) as time_zone
    from {{ ref('point_in_time') }} as point_in_time
    left join {{ ref('loyalty_programmes') }} as programmes on programmes.programme = 'pos'
),

sales as (
    select
        sales.*,
        cast({{ utc_to_local('sales.sold_at', 'zones.time_zone') }} as date) as sold_on,
        'pos:' || sales.store_id || ':' || sales.sale_id as order_id,
        'pos:' || sales.store_id || ':' || sales.original_sale_id as original_order_id,
        sales.store_id || ':' || sales.sale_id as record_id
    from {{ ref('stg_pos__sales') }} as sales
    cross join zones
    where sales.loyalty_id is not null
),

rules as (
    select
        points_per_unit,
        valid_from,
        lead(valid_from) over (order by valid_from) as valid_to,
        row_number() over (order by valid_from) = 1 as is_first
    from {{ ref('loyalty_programmes') }}
    where programme = 'pos'
),

programmes as (
    select max(points_per_unit) as points_per_unit
    from rules
    having max(points_per_unit) > 0
),

amounts as (
    select
        order_id,
        gross_revenue - discount_amount as sold_amount
    from {{ ref('int_orders__amounts') }}
),

refunds as (
    select
        refund_id,
        order_id,
        refunded_at,
        sum(amount) as amount
    from {{ ref('int_refunds__unioned') }}
    where source_name = 'pos' and order_id is not null
    group by refund_id, order_id, refunded_at
),

earning as (
    select
        sales.order_id,
        sales.loyalty_id,
        sales.record_id,
        sales.sold_at,
        amounts.sold_amount,
        rules.points_per_unit
    from sales
    inner join amounts on sales.order_id = amounts.order_id
    inner join rules
        on
            (sales.sold_on >= rules.valid_from or rules.is_first)
            and (sales.sold_on < rules.valid_to or rules.valid_to is null)
    where rules.points_per_unit > 0 and amounts.sold_amount >= 0
),

-- What is left of a sale after each of its returns, and so of its points.
left_over as (
    select
        earning.*,
        refunds.refund_id,
        refunds.refunded_at,
        earning.sold_amount - sum(refunds.amount) over (
            partition by refunds.order_id order by refunds.refunded_at, refunds.refund_id
            rows between unbounded preceding and current row
        ) as amount_left,
        refunds.amount
    from earning
    inner join refunds on earning.order_id = refunds.order_id
),

movements as (
    select
        order_id || ':earn' as booking_id,
        loyalty_id,
        record_id,
        sold_at as booked_at,
        'earn' as entry_type,
        floor(sold_amount * points_per_unit) as points,
        order_id as order_reference,
        'sale' as reason
    from earning
    union all
    select
        refund_id || ':clawback' as booking_id,
        loyalty_id,
        record_id,
        refunded_at as booked_at,
        'clawback' as entry_type,
        floor(greatest(amount_left, 0) * points_per_unit)
        - floor(greatest(amount_left + amount, 0) * points_per_unit) as points,
        order_id as order_reference,
        'return' as reason
    from left_over
    union all
    select
        order_id || ':redeemed' as booking_id,
        loyalty_id,
        record_id,
        sold_at as booked_at,
        case when points_redeemed > 0 then 'spend' else 'spend_reversal' end as entry_type,
        -points_redeemed as points,
        case when points_redeemed > 0 then order_id else original_order_id end as order_reference,
        'redeemed at the till' as reason
    from sales
    cross join programmes
    where points_redeemed <> 0
)

select
    booking_id,
    'pos' as source_name,
    'pos' as programme,
    {{ foreign_record_id('loyalty_id') }} as member_id,
    'sale' as source_record_type,
    record_id as source_record_id,
    booked_at,
    entry_type,
    cast(points as decimal(18, 2)) as points,
    'rule' as activation,
    cast(null as timestamp) as active_at,
    'rule' as expiry,
    cast(null as timestamp) as expires_at,
    lower(order_reference) as order_reference,
    reason
from movements
where points <> 0 or entry_type = 'earn'
