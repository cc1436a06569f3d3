-- One order: its money, in its own currency. Merchandise without tax, shipping, tips and gift cards sold.
with

orders as (
    select * from {{ ref('int_orders__unioned') }}
),

line_sums as (
    select
        order_id,
        count(*) as line_count,
        count(*) filter (where is_gift_card) as gift_card_line_count,
        sum(case when is_gift_card then 0 else gross_amount end) as gross_revenue,
        sum(case when is_gift_card then 0 else discount_amount end) as discount_amount,
        sum(case when is_gift_card then gross_amount - discount_amount else 0 end) as gift_card_amount
    from {{ ref('int_order_lines__unioned') }}
    group by order_id
),

refund_sums as (
    select
        order_id,
        sum(case when kind in ('goods', 'amount') then amount else 0 end) as refunded_amount
    from {{ ref('int_refunds__unioned') }}
    where order_id is not null
    group by order_id
)

select
    orders.order_id,
    coalesce(line_sums.line_count, 0) as line_count,
    coalesce(line_sums.gift_card_line_count, 0) as gift_card_line_count,
    cast(coalesce(line_sums.gross_revenue, 0) as decimal(18, 2)) as gross_revenue,
    cast(coalesce(line_sums.discount_amount, 0) as decimal(18, 2)) as discount_amount,
    cast(coalesce(refund_sums.refunded_amount, 0) as decimal(18, 2)) as refunded_amount,
    cast(
        coalesce(line_sums.gross_revenue, 0)
        - coalesce(line_sums.discount_amount, 0)
        - coalesce(refund_sums.refunded_amount, 0) as decimal(18, 2)
    ) as net_revenue,
    cast(coalesce(line_sums.gift_card_amount, 0) as decimal(18, 2)) as gift_card_amount
from orders
left join line_sums on orders.order_id = line_sums.order_id
left join refund_sums on orders.order_id = refund_sums.order_id
