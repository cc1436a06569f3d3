{{ config(materialized='view') }}
-- One address that Barilliance wrote to, collected, or that opted out. The record's id does not show it.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

sightings as (
    select
        email,
        sent_at as seen_at
    from {{ ref('stg_barilliance__sent_emails') }}
    union all
    select
        addresses.email,
        {{ known_before_load('addresses.first_loaded_at') }} as seen_at
    from {{ ref('stg_barilliance__addresses') }} as addresses
    cross join point_in_time
)

select
    'barilliance' as source_name,
    'address' as source_record_type,
    {{ address_record_id('email') }} as source_record_id,
    min(seen_at) as recorded_at,
    cast(null as string) as platform_customer_id,
    cast(null as string) as loyalty_id,
    lower(trim(email)) as email,
    cast(null as string) as phone,
    cast(null as string) as first_name,
    cast(null as string) as last_name,
    false as is_email_verified,
    cast(null as string) as country_code
from sightings
group by lower(trim(email)), {{ address_record_id('email') }}
