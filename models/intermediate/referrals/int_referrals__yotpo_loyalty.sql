{{ config(materialized='view') }}
-- One friend of a member. When the invitation was sent is not told.
select
    'yotpo_loyalty:' || {{ address_record_id("advocate_email || '|' || receipt_id") }} as referral_id,
    'yotpo_loyalty' as source_name,
    cast(null as string) as code,
    'customer' as advocate_record_type,
    {{ address_record_id('advocate_email') }} as advocate_record_id,
    'friend' as friend_record_type,
    {{ address_record_id('friend_email') }} as friend_record_id,
    referral_state,
    cast(null as timestamp) as invited_at,
    completed_at,
    cast(null as string) as order_reference
from {{ ref('stg_yotpo_loyalty__referral_receipts') }}
