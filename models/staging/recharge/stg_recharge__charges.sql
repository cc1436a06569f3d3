select
    charge_id,
    recharge_customer_id,
    charge_status,
    charge_type,
    scheduled_on,
    processed_at,
    updated_at,
    total_price,
    currency_code,
    order_reference,
    error_type,
    attempt_count
from {{ ref('base_recharge__charges') }}
where row_status = 'staged'
