-- One row per raw row of shopify.product_variants.
with

raw_product_variants as (
    select * from {{ shopify_rows('product_variants') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        cast({{ whole_number('raw_product_variants.id') }} as string) as variant_id,
        coalesce({{ clean_text('raw_product_variants.shop_url') }}, '-') as shop_url,
        cast({{ whole_number('raw_product_variants.product_id') }} as string) as product_id,
        {{ clean_text('raw_product_variants.title') }} as variant_title,
        {{ clean_text('raw_product_variants.sku') }} as sku,
        try_cast(raw_product_variants.price as decimal(18, 4)) as list_price,
        {{ to_utc('raw_product_variants.updated_at') }} as updated_at,
        {{ to_utc('raw_product_variants._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('raw_product_variants', {
            'id is missing or not a number': whole_number('raw_product_variants.id') ~ ' is null',
            'price is not a number': unreadable('raw_product_variants.price', 'decimal(18, 4)'),
        }) }}
    from raw_product_variants
    cross join point_in_time
)

select
    variant_id,
    shop_url,
    product_id,
    variant_title,
    sku,
    list_price,
    updated_at,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['shop_url', 'variant_id'],
        changed_at='updated_at',
        content=['product_id', 'variant_title', 'sku', 'list_price']
    ) }}
from typed
