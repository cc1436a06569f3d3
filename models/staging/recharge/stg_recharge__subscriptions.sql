select
    subscription_id,
    recharge_customer_id,
    email,
    subscription_status,
    created_at,
    updated_at,
    cancelled_at,
    cancellation_reason,
    cancellation_comment,
    next_charge_on,
    unit_price,
    currency_code,
    quantity,
    interval_unit,
    interval_count,
    is_prepaid,
    is_out_of_retries,
    product_id,
    variant_id,
    product_title,
    sku
from {{ ref('base_recharge__subscriptions') }}
where row_status = 'staged'
