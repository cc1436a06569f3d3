-- One row per raw row of shopify.discount_codes.
with

raw_discount_codes as (
    select * from {{ shopify_rows('discount_codes') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        cast({{ whole_number('raw_discount_codes.id') }} as string) as discount_code_id,
        coalesce({{ clean_text('raw_discount_codes.shop_url') }}, '-') as shop_url,
        upper({{ clean_text('raw_discount_codes.code') }}) as code,
        lower({{ clean_text('raw_discount_codes.discount_type') }}) as discount_type,
        lower({{ clean_text('raw_discount_codes.status') }}) as code_status,
        {{ clean_text('raw_discount_codes.title') }} as title,
        {{ whole_number('raw_discount_codes.usage_count') }} as usage_count,
        {{ whole_number('raw_discount_codes.usage_limit') }} as usage_limit,
        {{ to_utc('raw_discount_codes.starts_at') }} as starts_at,
        {{ to_utc('raw_discount_codes.ends_at') }} as ends_at,
        {{ to_utc('raw_discount_codes.updated_at') }} as updated_at,
        {{ to_utc('raw_discount_codes._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('raw_discount_codes', {
            'id is missing or not a number': whole_number('raw_discount_codes.id') ~ ' is null',
        }) }}
    from raw_discount_codes
    cross join point_in_time
)

select
    discount_code_id,
    shop_url,
    code,
    discount_type,
    code_status,
    title,
    usage_count,
    usage_limit,
    starts_at,
    ends_at,
    updated_at,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['shop_url', 'discount_code_id'],
        changed_at='updated_at',
        content=['code', 'discount_type', 'code_status', 'usage_count', 'ends_at', 'starts_at', 'title',
            'usage_limit']
    ) }}
from typed
