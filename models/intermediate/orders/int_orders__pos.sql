{{ config(materialized='view') }}
-- One sale. A receipt whose lines are all negative is a return and becomes a refund instead.
with

sales as (
    select * from {{ ref('stg_pos__sales') }}
),

lines as (
    select * from {{ ref('stg_pos__sale_lines') }}
),

returns as (
    select
        store_id,
        sale_id
    from lines
    group by store_id, sale_id
    having min(quantity) < 0 and max(quantity) <= 0
)

select
    'pos:' || sales.store_id || ':' || sales.sale_id as order_id,
    'pos' as source_name,
    sales.sale_id as source_order_id,
    sales.store_id,
    sales.sold_at as ordered_at,
    cast(null as timestamp) as fulfilled_at,
    cast(null as timestamp) as cancelled_at,
    'paid' as payment_state,
    false as is_test,
    'pos' as sales_channel,
    sales.register_id as order_source,
    sales.country_code,
    sales.currency_code,
    cast(null as decimal(18, 2)) as tax_amount,
    cast(null as decimal(18, 2)) as shipping_amount,
    cast(null as decimal(18, 2)) as tip_amount,
    cast(null as string) as tags,
    cast(null as string) as order_name
from sales
anti join returns
    on sales.store_id = returns.store_id and sales.sale_id = returns.sale_id
