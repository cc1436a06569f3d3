-- One row per raw row of klaviyo.profiles, JSON parsed once.
{%- set marketing = {'marketing': {
    'consent': 'string', 'consent_timestamp': 'string', 'last_updated': 'string', 'method': 'string',
    'suppression': [{'reason': 'string', 'timestamp': 'string'}],
    'suppressions': [{'reason': 'string', 'timestamp': 'string'}],
}} -%}
{%- set shape = {
    'email': 'string', 'phone_number': 'string', 'external_id': 'string', 'created': 'string', 'updated': 'string',
    'subscriptions': {'email': marketing, 'sms': marketing, 'mobile_push': marketing},
} %}
with

raw_profiles as (
    select * from {{ source('klaviyo', 'profiles') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

parsed as (
    select
        raw_profiles.*,
        {{ parse_json('raw_profiles.attributes', shape) }} as profile
    from raw_profiles
),

typed as (
    select
        {{ clean_text('parsed.id') }} as profile_id,
        {{ clean_text('parsed.profile.email') }} as email,
        {{ clean_text('parsed.profile.phone_number') }} as phone,
        {{ clean_text('parsed.profile.external_id') }} as external_id,
        {{ to_utc('parsed.profile.created') }} as created_at,
        coalesce({{ to_utc('parsed.updated') }}, {{ to_utc('parsed.profile.updated') }}) as updated_at,
        parsed.profile,
        parsed.attributes as attributes_text,
        {{ to_utc('parsed._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('parsed', {
            'id is missing': clean_text('parsed.id') ~ ' is null',
            'attributes is not an object': 'parsed.profile is null',
            'updated is not a time': unreadable('parsed.updated', 'timestamp'),
        }) }}
    from parsed
    cross join point_in_time
)

select
    profile_id,
    email,
    phone,
    external_id,
    created_at,
    updated_at,
    profile,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(key=['profile_id'], changed_at='updated_at', content=['attributes_text']) }}
from typed
