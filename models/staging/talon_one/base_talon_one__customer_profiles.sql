-- One row per raw row of talon_one.customer_profiles. A profile is overwritten: it cannot be rewound.
with

raw_profiles as (
    select * from {{ source('talon_one', 'customer_profiles') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

-- The names of attributes are the shop's own, with whatever case; values are compared in lower case anyway.
parsed as (
    select
        raw_profiles.*,
        {{ parse_json('lower(raw_profiles.attributes)', {'email': 'string', 'phone': 'string'}) }} as traits
    from raw_profiles
),

typed as (
    select
        {{ clean_text('parsed.integration_id') }} as profile_id,
        {{ to_utc('parsed.created') }} as created_at,
        {{ to_utc('parsed.last_activity') }} as last_active_at,
        {{ clean_text('parsed.traits.email') }} as email,
        {{ clean_text('parsed.traits.phone') }} as phone,
        {{ whole_number('parsed.closed_sessions') }} as closed_session_count,
        {{ to_flag('parsed.sandbox') }} as is_sandbox,
        {{ to_utc('parsed._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('parsed', {
            'integration_id is missing': clean_text('parsed.integration_id') ~ ' is null',
        }) }}
    from parsed
    cross join point_in_time
)

select
    profile_id,
    created_at,
    last_active_at,
    email,
    phone,
    closed_session_count,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['profile_id'],
        changed_at='last_active_at',
        content=['created_at', 'email', 'phone', 'closed_session_count'],
        is_removed='is_sandbox'
    ) }}
from typed
