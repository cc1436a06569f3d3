-- One row per raw row of pos.sales.
with

raw_sales as (
    select * from {{ source('pos', 'sales') }}
    where {{ loaded_in_time('_loaded_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

time_zones as (
    select * from {{ ref('time_zones') }}
),

typed as (
    select
        {{ clean_text('raw_sales.sale_id') }} as sale_id,
        coalesce({{ clean_text('raw_sales.store_id') }}, '-') as store_id,
        {{ clean_text('raw_sales.register_id') }} as register_id,
        {{ to_local_time('raw_sales.sold_at') }} as sold_at_local,
        coalesce(time_zones.time_zone, point_in_time.reporting_timezone) as sold_at_timezone,
        time_zones.time_zone as store_time_zone,
        {{ clean_text('raw_sales.customer_email') }} as customer_email,
        {{ clean_text('raw_sales.customer_phone') }} as customer_phone,
        {{ clean_text('raw_sales.loyalty_id') }} as loyalty_id,
        upper({{ clean_text('raw_sales.currency') }}) as currency_code,
        upper({{ clean_text('raw_sales.country_code') }}) as country_code,
        {{ clean_text('raw_sales.original_sale_id') }} as original_sale_id,
        try_cast(raw_sales.points_redeemed as decimal(18, 2)) as points_redeemed,
        {{ to_utc('raw_sales._loaded_at') }} as loaded_at,
        {{ refuse('raw_sales', {
            'sale_id is missing': clean_text('raw_sales.sale_id') ~ ' is null',
            'store_id has a colon': clean_text('raw_sales.store_id') ~ " like '%:%'",
            'sold_at is not a time': to_local_time('raw_sales.sold_at') ~ ' is null',
            'store_timezone is not an IANA zone':
                clean_text('raw_sales.store_timezone') ~ ' is not null and time_zones.time_zone is null',
            'sold_at lies before the earliest plausible year':
                'year(' ~ to_local_time('raw_sales.sold_at') ~ ') < ' ~ threshold('earliest_plausible_year'),
            'points_redeemed is not a number': clean_text('raw_sales.points_redeemed')
                ~ ' is not null and try_cast(raw_sales.points_redeemed as decimal(18, 2)) is null',
            'sold_at lies in the future': in_the_future(
                to_local_time('raw_sales.sold_at'), to_utc('raw_sales._loaded_at')
            ),
        }) }}
    from raw_sales
    cross join point_in_time
    left join time_zones on {{ clean_text('raw_sales.store_timezone') }} = time_zones.time_zone
)

select
    sale_id,
    store_id,
    register_id,
    case
        when quarantine_reason is null then {{ local_to_utc('sold_at_local', 'sold_at_timezone') }}
    end as sold_at,
    store_time_zone,
    customer_email,
    customer_phone,
    loyalty_id,
    currency_code,
    country_code,
    original_sale_id,
    points_redeemed,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['store_id', 'sale_id'],
        content=['sold_at_local', 'sold_at_timezone', 'loyalty_id', 'customer_email', 'customer_phone', 'currency_code',
            'country_code', 'original_sale_id', 'register_id', 'store_time_zone', 'points_redeemed']
    ) }}
from typed
