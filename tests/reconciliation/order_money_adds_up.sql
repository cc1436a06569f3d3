-- Money in = money out: an order is its lines, less refunds of goods (on its lines) and of amounts (on no line).
with

line_sums as (
    select
        order_id,
        sum(case when is_gift_card then 0 else gross_revenue end) as gross_revenue,
        sum(net_revenue) as net_revenue
    from {{ ref('order_lines') }}
    group by order_id
),

unallocated as (
    select
        order_id,
        sum(net_revenue) as refunded_amount
    from {{ ref('refunds') }}
    where order_line_id is null and order_id is not null
    group by order_id
)

select
    orders.order_id,
    orders.net_revenue,
    line_sums.net_revenue as line_net_revenue,
    unallocated.refunded_amount
from {{ ref('orders') }} as orders
left join line_sums on orders.order_id = line_sums.order_id
left join unallocated on orders.order_id = unallocated.order_id
where
    orders.net_revenue is distinct from orders.gross_revenue - orders.discount_amount - orders.refunded_amount
    or orders.gross_revenue is distinct from coalesce(line_sums.gross_revenue, 0)
    or orders.net_revenue is distinct from
    coalesce(line_sums.net_revenue, 0) - coalesce(unallocated.refunded_amount, 0)
