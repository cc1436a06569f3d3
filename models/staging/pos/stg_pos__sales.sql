select
    sale_id,
    store_id,
    register_id,
    sold_at,
    store_time_zone,
    customer_email,
    customer_phone,
    loyalty_id,
    currency_code,
    country_code,
    original_sale_id,
    points_redeemed,
    loaded_at
from {{ ref('base_pos__sales') }}
where row_status = 'staged'
