-- One line of an order placed before the cut.
with

lines as (
    {{ union_subject('order_lines', ['pos', 'shopify']) | indent(4) }}
)

select lines.*
from lines
semi join {{ ref('int_orders__unioned') }} as orders on lines.order_id = orders.order_id
