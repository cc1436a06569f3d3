-- Grain: one line of a return, with its own reason.
with

lines as (
    select * from {{ ref('int_return_lines__unioned') }}
),

returns as (
    select * from {{ ref('returns') }}
),

order_lines as (
    select * from {{ ref('order_lines') }}
)

select
    lines.return_line_id,
    lines.return_id,
    order_lines.order_line_id,
    coalesce(order_lines.product_id, lines.product_id) as product_id,
    coalesce(order_lines.variant_id, lines.variant_id) as variant_id,
    coalesce(order_lines.sku, lines.sku) as sku,
    order_lines.product_family,
    lines.reason,
    lines.subreason,
    lines.quantity,
    lines.received_quantity
from lines
inner join returns on lines.return_id = returns.return_id
left join order_lines on returns.order_id || ':' || lines.order_line_reference = order_lines.order_line_id
