{{ config(materialized='view') }}
-- One Klaviyo profile, as of the cut.
select
    'klaviyo' as source_name,
    'profile' as source_record_type,
    profile_id as source_record_id,
    created_at as recorded_at,
    {{ foreign_id('external_id', var('klaviyo_external_id'), 'email') }},
    phone
from {{ ref('stg_klaviyo__profiles') }}
