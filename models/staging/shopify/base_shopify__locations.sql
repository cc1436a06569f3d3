-- One row per raw row of shopify.locations.
with

raw_locations as (
    select * from {{ shopify_rows('locations') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        cast({{ whole_number('raw_locations.id') }} as string) as location_id,
        coalesce({{ clean_text('raw_locations.shop_url') }}, '-') as shop_url,
        {{ clean_text('raw_locations.name') }} as location_name,
        upper({{ clean_text('raw_locations.country_code') }}) as country_code,
        coalesce(try_cast(raw_locations.active as boolean), false) as is_active,
        {{ to_utc('raw_locations.updated_at') }} as updated_at,
        {{ to_utc('raw_locations._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('raw_locations', {
            'id is missing or not a number': whole_number('raw_locations.id') ~ ' is null',
        }) }}
    from raw_locations
    cross join point_in_time
)

select
    location_id,
    shop_url,
    location_name,
    country_code,
    is_active,
    updated_at,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['shop_url', 'location_id'],
        changed_at='updated_at',
        content=['location_name', 'country_code', 'is_active']
    ) }}
from typed
