-- One row per raw row of talon_one.loyalty_programs.
with

raw_programs as (
    select * from {{ source('talon_one', 'loyalty_programs') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

time_zones as (
    select * from {{ ref('time_zones') }}
),

typed as (
    select
        cast({{ whole_number('raw_programs.id') }} as string) as programme_id,
        coalesce({{ clean_text('raw_programs.title') }}, {{ clean_text('raw_programs.name') }}) as programme_name,
        coalesce(time_zones.time_zone, point_in_time.reporting_timezone) as time_zone,
        {{ clean_text('raw_programs.default_validity') }} as default_validity,
        {{ clean_text('raw_programs.default_pending') }} as default_pending,
        {{ parse_json('raw_programs.tiers', [{'id': 'bigint', 'name': 'string', 'minPoints': 'string'}]) }} as tiers,
        {{ to_flag('raw_programs.card_based') }} as is_card_based,
        {{ to_flag('raw_programs.sandbox') }} as is_sandbox,
        {{ to_flag('raw_programs.allow_subledger') }} as has_subledgers,
        lower({{ clean_text('raw_programs.return_policy') }}) as return_policy,
        lower({{ clean_text('raw_programs.program_join_policy') }}) as join_policy,
        lower({{ clean_text('raw_programs.tiers_expiration_policy') }}) as tier_expiration_policy,
        lower({{ clean_text('raw_programs.tiers_downgrade_policy') }}) as tier_downgrade_policy,
        {{ to_utc('raw_programs._airbyte_extracted_at') }} as loaded_at,
        {{ refuse('raw_programs', {
            'id is missing or not a number': whole_number('raw_programs.id') ~ ' is null',
            'timezone is not an IANA zone':
                clean_text('raw_programs.timezone') ~ ' is not null and time_zones.time_zone is null',
        }) }}
    from raw_programs
    cross join point_in_time
    left join time_zones on {{ clean_text('raw_programs.timezone') }} = time_zones.time_zone
)

select
    programme_id,
    programme_name,
    time_zone,
    default_validity,
    {{ duration_count('default_validity') }} as validity_count,
    {{ duration_unit('default_validity') }} as validity_unit,
    {{ duration_rounding('default_validity') }} as validity_rounding,
    default_pending,
    {{ duration_count('default_pending') }} as pending_count,
    {{ duration_unit('default_pending') }} as pending_unit,
    {{ duration_rounding('default_pending') }} as pending_rounding,
    tiers,
    is_card_based,
    is_sandbox,
    has_subledgers,
    return_policy,
    join_policy,
    tier_expiration_policy,
    tier_downgrade_policy,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['programme_id'],
        content=['programme_name', 'time_zone', 'default_validity', 'default_pending', 'is_sandbox', 'return_policy']
    ) }}
from typed
