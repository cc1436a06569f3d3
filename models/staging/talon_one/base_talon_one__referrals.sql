-- One row per raw row of talon_one.referrals.
with

raw_referrals as (
    select * from {{ source('talon_one', 'referrals') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

typed as (
    select
        cast({{ whole_number('raw_referrals.id') }} as string) as referral_id,
        upper({{ clean_text('raw_referrals.code') }}) as code,
        cast(nullif({{ whole_number('raw_referrals.campaign_id') }}, 0) as string) as campaign_id,
        {{ clean_text('raw_referrals.advocate_profile_integration_id') }} as advocate_profile_id,
        {{ clean_text('raw_referrals.friend_profile_integration_id') }} as friend_profile_id,
        coalesce({{ to_utc('raw_referrals.created') }}, {{ to_utc('raw_referrals.start_date') }}) as created_at,
        nullif({{ whole_number('raw_referrals.usage_limit') }}, 0) as usage_limit,
        coalesce({{ whole_number('raw_referrals.usage_counter') }}, 0) as usage_count,
        {{ to_utc('raw_referrals.expiry_date') }} as expires_at,
        {{ to_utc('raw_referrals._airbyte_extracted_at') }} as loaded_at,
        {{ refuse('raw_referrals', {
            'id is missing or not a number': whole_number('raw_referrals.id') ~ ' is null',
            'code is missing': clean_text('raw_referrals.code') ~ ' is null',
            'advocate_profile_integration_id is missing':
                clean_text('raw_referrals.advocate_profile_integration_id') ~ ' is null',
        }) }}
    from raw_referrals
)

select
    referral_id,
    code,
    campaign_id,
    advocate_profile_id,
    friend_profile_id,
    created_at,
    usage_limit,
    usage_count,
    expires_at,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['referral_id'],
        content=['code', 'advocate_profile_id', 'friend_profile_id', 'usage_count', 'expires_at']
    ) }}
from typed
