-- One row per raw row of shopify.fulfillments.
with

raw_fulfillments as (
    select * from {{ shopify_rows('fulfillments') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        cast({{ whole_number('raw_fulfillments.id') }} as string) as fulfillment_id,
        coalesce({{ clean_text('raw_fulfillments.shop_url') }}, '-') as shop_url,
        cast({{ whole_number('raw_fulfillments.order_id') }} as string) as shopify_order_id,
        {{ to_utc('raw_fulfillments.created_at') }} as created_at,
        {{ to_utc('raw_fulfillments.updated_at') }} as updated_at,
        lower({{ clean_text('raw_fulfillments.status') }}) as fulfillment_status,
        lower({{ clean_text('raw_fulfillments.shipment_status') }}) as carrier_status,
        {{ clean_text('raw_fulfillments.tracking_company') }} as carrier,
        {{ clean_text('raw_fulfillments.tracking_number') }} as tracking_number,
        {{ parse_json('raw_fulfillments.tracking_numbers', ['string']) }} as tracking_numbers,
        cast({{ whole_number('raw_fulfillments.location_id') }} as string) as location_id,
        {{ to_utc('raw_fulfillments._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('raw_fulfillments', {
            'id is missing or not a number': whole_number('raw_fulfillments.id') ~ ' is null',
            'order_id is missing or not a number': whole_number('raw_fulfillments.order_id') ~ ' is null',
            'created_at is not a time': to_utc('raw_fulfillments.created_at') ~ ' is null',
        }) }}
    from raw_fulfillments
    cross join point_in_time
)

select
    fulfillment_id,
    shop_url,
    shopify_order_id,
    created_at,
    updated_at,
    fulfillment_status,
    carrier_status,
    carrier,
    tracking_number,
    tracking_numbers,
    location_id,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['shop_url', 'fulfillment_id'],
        changed_at='updated_at',
        content=['fulfillment_status', 'carrier_status', 'shopify_order_id', 'carrier', 'tracking_number',
            'created_at', 'location_id', 'tracking_numbers']
    ) }}
from typed
