-- One row per raw row of shopify.shop.
with

raw_shop as (
    select * from {{ shopify_rows('shop') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        cast({{ whole_number('raw_shop.id') }} as string) as shop_id,
        coalesce(split_part({{ clean_text('raw_shop.shop_url') }}, '.', 1), '-') as shop_url,
        {{ clean_text('raw_shop.iana_timezone') }} as time_zone,
        upper({{ clean_text('raw_shop.currency') }}) as currency_code,
        {{ to_utc('raw_shop.updated_at') }} as updated_at,
        {{ to_utc('raw_shop._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('raw_shop', {
            'id is missing or not a number': whole_number('raw_shop.id') ~ ' is null',
        }) }}
    from raw_shop
    cross join point_in_time
)

select
    shop_id,
    shop_url,
    time_zone,
    currency_code,
    updated_at,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['shop_url', 'shop_id'],
        changed_at='updated_at',
        content=['time_zone', 'currency_code']
    ) }}
from typed
