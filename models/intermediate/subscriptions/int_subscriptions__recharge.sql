{{ config(materialized='view') }}
-- One subscription of one product.
select
    'recharge:' || subscription_id as subscription_id,
    'recharge' as source_name,
    'subscription' as source_record_type,
    subscription_id as source_record_id,
    created_at as started_at,
    product_id,
    variant_id,
    sku,
    product_title,
    quantity,
    unit_price,
    currency_code,
    interval_unit,
    interval_count,
    is_prepaid,
    next_charge_on,
    cancellation_reason,
    is_out_of_retries
from {{ ref('stg_recharge__subscriptions') }}
