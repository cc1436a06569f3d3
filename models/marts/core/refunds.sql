-- Grain: one piece of a refund (goods, an amount, shipping, a gift card, a tip), dated by the refund: the cash view.
-- Only goods and amount reduce merchandise revenue. Trap: refunds with match_state other than matched reduce no order.
with

refunds as (
    select * from {{ ref('int_refunds__unioned') }}
),

amounts as (
    select * from {{ ref('int_orders__amounts') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
    where source_record_type in ('order', 'sale')
)

select
    refunds.refund_line_id,
    refunds.refund_id,
    refunds.source_name,
    refunds.order_id,
    refunds.order_line_id,
    records.customer_id,
    refunds.match_state,
    refunds.refunded_at,
    refunds.refunded_on,
    refunds.kind,
    refunds.quantity,
    cast(case when refunds.kind in ('goods', 'amount') then refunds.amount else 0 end as decimal(18, 2)) as net_revenue,
    refunds.amount,
    refunds.tax_amount,
    refunds.has_moved_money,
    coalesce(amounts.refunded_amount > amounts.gross_revenue - amounts.discount_amount, false)
        as is_more_than_its_order,
    refunds.sales_channel,
    refunds.currency_code
from refunds
left join amounts on refunds.order_id = amounts.order_id
left join records
    on refunds.source_name = records.source_name and refunds.source_record_id = records.source_record_id
