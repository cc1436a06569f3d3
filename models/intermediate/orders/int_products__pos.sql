{{ config(materialized='view') }}
-- One article sold or taken back before the cut, named as it was most often written on receipts.
with

lines as (
    select * from {{ ref('stg_pos__sale_lines') }}
    where sku is not null
),

sales as (
    select * from {{ ref('stg_pos__sales') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

names as (
    select
        lines.sku,
        lines.description,
        count(*) as line_count
    from lines
    inner join sales on lines.store_id = sales.store_id and lines.sale_id = sales.sale_id
    cross join point_in_time
    where sales.sold_at < point_in_time.cut_at
    group by lines.sku, lines.description
),

ranked as (
    select
        sku,
        description,
        row_number() over (partition by sku order by line_count desc, description asc nulls last) as position
    from names
)

select
    'pos:' || sku as product_key,
    'pos' as source_name,
    sku as variant_id,
    cast(null as string) as product_id,
    sku,
    description as product_title,
    cast(null as string) as brand,
    cast(null as string) as category,
    false as is_gift_card
from ranked
where position = 1
