{{ config(materialized='view') }}
-- One member and address, or one friend who did what a member invited for. Members who left an address keep its record.
select
    'yotpo_loyalty' as source_name,
    'customer' as source_record_type,
    {{ address_record_id('customers.email') }} as source_record_id,
    customers.opted_in_at as recorded_at,
    {{ foreign_id('customers.third_party_id', var('yotpo_loyalty_third_party_id'), 'customers.email') }},
    customers.phone,
    cast(null as string) as first_name,
    cast(null as string) as last_name,
    false as is_email_verified,
    cast(null as string) as country_code
from {{ ref('stg_yotpo_loyalty__customers') }} as customers
union all
select
    'yotpo_loyalty' as source_name,
    'friend' as source_record_type,
    {{ address_record_id('friend_email') }} as source_record_id,
    min(completed_at) as recorded_at,
    cast(null as string) as platform_customer_id,
    cast(null as string) as loyalty_id,
    friend_email as email,
    cast(null as string) as phone,
    cast(null as string) as first_name,
    cast(null as string) as last_name,
    false as is_email_verified,
    cast(null as string) as country_code
from {{ ref('stg_yotpo_loyalty__referral_receipts') }}
where referral_state = 'completed' and friend_email is not null
group by friend_email
