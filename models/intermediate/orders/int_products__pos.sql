-- One article, named as it was most often written on receipts.
with

lines as (
    select
        sku,
        description,
        count(*) as line_count
    from {{ ref('stg_pos__sale_lines') }}
    where sku is not null
    group by sku, description
),

ranked as (
    select
        sku,
        description,
        row_number() over (partition by sku order by line_count desc, description asc nulls last) as position
    from lines
)

select
    sku as variant_id,
    'pos' as source_name,
    cast(null as string) as product_id,
    sku,
    description as product_title,
    cast(null as string) as brand,
    cast(null as string) as category,
    false as is_gift_card
from ranked
where position = 1
