{{ config(materialized='view') }}
-- One line with goods sold; the negative lines of returns and exchanges are refunds.
select
    -- Sale and line may hold colons; with none in the line, two lines cannot meet in one id.
    'pos:' || store_id || ':' || sale_id || ':' || replace(line_no, ':', '%3A') as order_line_id,
    'pos:' || store_id || ':' || sale_id as order_id,
    'pos:' || sku as product_key,
    cast(null as string) as product_id,
    sku as variant_id,
    sku,
    description as product_title,
    quantity,
    round(cast(quantity as decimal(19, 4)) * unit_price, 2) as gross_amount,
    round(discount_amount, 2) as discount_amount,
    false as is_gift_card
from {{ ref('stg_pos__sale_lines') }}
where quantity >= 0
