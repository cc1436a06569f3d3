{{ config(materialized='view') }}
-- One returned line. It reduces the sale that original_sale_id names; without it no sale is guessed. The negative lines
-- of an exchange (goods given and taken on one receipt) reduce that receipt, so that an even exchange is no order.
with

lines as (
    select * from {{ ref('stg_pos__sale_lines') }}
),

sales as (
    select * from {{ ref('stg_pos__sales') }}
),

kinds as (
    select
        store_id,
        sale_id,
        max(quantity) <= 0 as is_return
    from lines
    group by store_id, sale_id
)

select
    'pos:' || lines.store_id || ':' || lines.sale_id || ':' || replace(lines.line_no, ':', '%3A') as refund_line_id,
    'pos:' || lines.store_id || ':' || lines.sale_id as refund_id,
    'pos' as source_name,
    lines.store_id || ':' || lines.sale_id as source_record_id,
    'pos:' || lines.store_id || ':' || (case when kinds.is_return then sales.original_sale_id else sales.sale_id end)
        as order_id,
    cast(null as string) as order_line_id,
    sales.sold_at as refunded_at,
    'goods' as kind,
    -lines.quantity as quantity,
    round(cast(-lines.quantity as decimal(19, 4)) * lines.unit_price - abs(lines.discount_amount), 2) as amount,
    cast(null as decimal(18, 2)) as tax_amount,
    true as has_moved_money,
    'pos' as sales_channel,
    sales.currency_code
from lines
inner join sales on lines.store_id = sales.store_id and lines.sale_id = sales.sale_id
inner join kinds on lines.store_id = kinds.store_id and lines.sale_id = kinds.sale_id
where lines.quantity < 0
