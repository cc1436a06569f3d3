-- One row per raw row of talon_one.customers_tiers. A stay in a tier is one row, however often it was exported: the
-- newest export knows its end. Dates are wall-clock times of the programme's zone.
with

raw_tiers as (
    select * from {{ source('talon_one', 'customers_tiers') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

programmes as (
    select * from {{ ref('base_talon_one__loyalty_programs') }}
    where row_status = 'staged'
),

typed as (
    select
        cast({{ whole_number('raw_tiers.program_id') }} as string) as programme_id,
        coalesce({{ clean_text('raw_tiers.subledger_id') }}, 'main') as subledger,
        {{ clean_text('raw_tiers.customer_profile_id') }} as profile_id,
        {{ clean_text('raw_tiers.tier_name') }} as tier,
        {{ to_utc_in('raw_tiers.start_date', 'coalesce(programmes.time_zone, point_in_time.reporting_timezone)') }}
            as tier_started_at,
        {{ to_utc_in('raw_tiers.expiry_date', 'coalesce(programmes.time_zone, point_in_time.reporting_timezone)') }}
            as tier_expires_at,
        coalesce(programmes.is_sandbox, false) as is_sandbox,
        {{ to_utc('raw_tiers._airbyte_extracted_at') }} as loaded_at,
        {{ refuse('raw_tiers', {
            'program_id is missing or not a number': whole_number('raw_tiers.program_id') ~ ' is null',
            'customer_profile_id is missing': clean_text('raw_tiers.customer_profile_id') ~ ' is null',
            'tier_name is missing': clean_text('raw_tiers.tier_name') ~ ' is null',
            'start_date is not a time': unreadable('raw_tiers.start_date', 'timestamp'),
            'expiry_date is not a time': unreadable('raw_tiers.expiry_date', 'timestamp'),
        }) }}
    from raw_tiers
    cross join point_in_time
    left join programmes on cast({{ whole_number('raw_tiers.program_id') }} as string) = programmes.programme_id
)

select
    programme_id,
    subledger,
    profile_id,
    tier,
    tier_started_at,
    tier_expires_at,
    loaded_at,
    min(loaded_at) over (partition by programme_id, subledger, profile_id, tier, tier_started_at) as first_exported_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['programme_id', 'subledger', 'profile_id', 'tier', 'tier_started_at'],
        content=['tier_expires_at'],
        is_removed='is_sandbox'
    ) }}
from typed
