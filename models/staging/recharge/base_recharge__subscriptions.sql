-- One row per raw row of recharge.subscriptions. Older versions are duplicates here and history in
-- stg_recharge__subscription_versions.
with

raw_subscriptions as (
    select * from {{ source('recharge', 'subscriptions') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        cast({{ whole_number('raw_subscriptions.id') }} as string) as subscription_id,
        cast({{ whole_number('raw_subscriptions.customer_id') }} as string) as recharge_customer_id,
        {{ clean_text('raw_subscriptions.email') }} as email,
        lower({{ clean_text('raw_subscriptions.status') }}) as subscription_status,
        {{ to_utc_in('raw_subscriptions.created_at', 'point_in_time.reporting_timezone') }} as created_at,
        {{ to_utc_in('raw_subscriptions.updated_at', 'point_in_time.reporting_timezone') }} as updated_at,
        {{ to_utc_in('raw_subscriptions.cancelled_at', 'point_in_time.reporting_timezone') }} as cancelled_at,
        {{ clean_text('raw_subscriptions.cancellation_reason') }} as cancellation_reason,
        {{ clean_text('raw_subscriptions.cancellation_reason_comments') }} as cancellation_comment,
        {{ to_local_date('raw_subscriptions.next_charge_scheduled_at') }} as next_charge_on,
        try_cast(raw_subscriptions.price as decimal(18, 4)) as unit_price,
        upper({{ clean_text('raw_subscriptions.presentment_currency') }}) as currency_code,
        {{ whole_number('raw_subscriptions.quantity') }} as quantity,
        lower({{ clean_text('raw_subscriptions.order_interval_unit') }}) as interval_unit,
        {{ whole_number('raw_subscriptions.order_interval_frequency') }} as interval_count,
        {{ whole_number('raw_subscriptions.charge_interval_frequency') }} as charge_interval_count,
        {{ to_flag('raw_subscriptions.max_retries_reached') }} as is_out_of_retries,
        {{ shop_reference('raw_subscriptions.external_product_id', 'raw_subscriptions.shopify_product_id') }}
            as product_id,
        {{ shop_reference('raw_subscriptions.external_variant_id', 'raw_subscriptions.shopify_variant_id') }}
            as variant_id,
        {{ clean_text('raw_subscriptions.product_title') }} as product_title,
        {{ clean_text('raw_subscriptions.sku') }} as sku,
        {{ to_utc('raw_subscriptions._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('raw_subscriptions', {
            'id is missing or not a number': whole_number('raw_subscriptions.id') ~ ' is null',
            'status is missing': clean_text('raw_subscriptions.status') ~ ' is null',
            'created_at is not a time': to_utc('raw_subscriptions.created_at') ~ ' is null',
            'updated_at is not a time': unreadable('raw_subscriptions.updated_at', 'timestamp'),
            'cancelled_at is not a time': unreadable('raw_subscriptions.cancelled_at', 'timestamp'),
            'price is not a number': unreadable('raw_subscriptions.price', 'decimal(18, 4)'),
            'quantity is not a number': unreadable('raw_subscriptions.quantity', 'decimal(18, 4)'),
        }) }}
    from raw_subscriptions
    cross join point_in_time
)

select
    subscription_id,
    recharge_customer_id,
    email,
    subscription_status,
    created_at,
    coalesce(updated_at, created_at) as updated_at,
    cancelled_at,
    cancellation_reason,
    cancellation_comment,
    next_charge_on,
    unit_price,
    currency_code,
    quantity,
    interval_unit,
    interval_count,
    coalesce(charge_interval_count > interval_count, false) as is_prepaid,
    is_out_of_retries,
    product_id,
    variant_id,
    product_title,
    sku,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['subscription_id'],
        changed_at='coalesce(updated_at, created_at)',
        content=['subscription_status', 'cancelled_at', 'cancellation_reason', 'next_charge_on', 'unit_price',
            'quantity', 'variant_id', 'product_id', 'created_at', 'recharge_customer_id', 'email', 'cancellation_comment',
            'currency_code', 'interval_unit', 'interval_count', 'charge_interval_count', 'is_out_of_retries',
            'product_title', 'sku']
    ) }}
from typed
