-- One row per raw row of shopify.abandoned_checkouts.
with

raw_abandoned_checkouts as (
    select * from {{ shopify_rows('abandoned_checkouts') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        cast({{ whole_number('raw_abandoned_checkouts.id') }} as string) as checkout_id,
        coalesce({{ clean_text('raw_abandoned_checkouts.shop_url') }}, '-') as shop_url,
        {{ clean_text('raw_abandoned_checkouts.token') }} as token,
        {{ clean_text('raw_abandoned_checkouts.cart_token') }} as cart_token,
        {{ clean_text('raw_abandoned_checkouts.email') }} as email,
        {{ clean_text('raw_abandoned_checkouts.phone') }} as phone,
        cast({{ parse_json('raw_abandoned_checkouts.customer', {'id': 'bigint'}) }}.id as string)
            as shopify_customer_id,
        try_cast(raw_abandoned_checkouts.total_price as decimal(18, 4)) as total_price,
        {{ to_utc('raw_abandoned_checkouts.created_at') }} as created_at,
        {{ to_utc('raw_abandoned_checkouts.updated_at') }} as updated_at,
        {{ to_utc('raw_abandoned_checkouts.completed_at') }} as completed_at,
        {{ to_utc('raw_abandoned_checkouts._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('raw_abandoned_checkouts', {
            'id is missing or not a number': whole_number('raw_abandoned_checkouts.id') ~ ' is null',
            'created_at is not a time': to_utc('raw_abandoned_checkouts.created_at') ~ ' is null',
        }) }}
    from raw_abandoned_checkouts
    cross join point_in_time
)

select
    checkout_id,
    shop_url,
    token,
    cart_token,
    email,
    phone,
    shopify_customer_id,
    total_price,
    created_at,
    updated_at,
    completed_at,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['shop_url', 'checkout_id'],
        changed_at='updated_at',
        content=['completed_at', 'total_price', 'email', 'phone', 'token', 'cart_token', 'created_at',
            'shopify_customer_id']
    ) }}
from typed
