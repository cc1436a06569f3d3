select
    sale_id,
    store_id,
    line_no,
    sku,
    description,
    quantity,
    unit_price,
    discount_amount
from {{ ref('base_pos__sale_lines') }}
where row_status = 'staged'
