{{ config(materialized='view') }}
-- One Klaviyo profile, as of the cut.
select
    'klaviyo' as source_name,
    'profile' as source_record_type,
    profile_id as source_record_id,
    created_at as recorded_at,
    {{ foreign_id('external_id', var('klaviyo_external_id'), 'email') }},
    phone,
    cast(null as string) as first_name,
    cast(null as string) as last_name,
    false as is_email_verified,
    cast(null as string) as country_code
from {{ ref('stg_klaviyo__profiles') }}
