-- One row per raw row of shopify.products. A deleted product stays, since old orders point at it.
with

raw_products as (
    select * from {{ shopify_rows('products') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        cast({{ whole_number('raw_products.id') }} as string) as product_id,
        coalesce({{ clean_text('raw_products.shop_url') }}, '-') as shop_url,
        {{ clean_text('raw_products.title') }} as product_title,
        {{ clean_text('raw_products.vendor') }} as brand,
        {{ clean_text('raw_products.product_type') }} as category,
        lower({{ clean_text('raw_products.status') }}) as product_status,
        {{ clean_text('raw_products.tags') }} as tags,
        coalesce(try_cast(raw_products.is_gift_card as boolean), false) as is_gift_card,
        {{ to_utc('raw_products.created_at') }} as created_at,
        {{ to_utc('raw_products.updated_at') }} as updated_at,
        {{ to_utc('raw_products.deleted_at') }} as deleted_at,
        {{ to_utc('raw_products._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('raw_products', {
            'id is missing or not a number': whole_number('raw_products.id') ~ ' is null',
        }) }}
    from raw_products
    cross join point_in_time
)

select
    product_id,
    shop_url,
    product_title,
    brand,
    category,
    product_status,
    tags,
    is_gift_card,
    created_at,
    updated_at,
    deleted_at,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['shop_url', 'product_id'],
        changed_at='updated_at',
        content=['product_title', 'brand', 'category', 'product_status', 'tags', 'deleted_at', 'created_at',
            'is_gift_card']
    ) }}
from typed
