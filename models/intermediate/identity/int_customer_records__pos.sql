{{ config(materialized='view') }}
-- One receipt as a sighting of a person.
select
    'pos' as source_name,
    'sale' as source_record_type,
    store_id || ':' || sale_id as source_record_id,
    sold_at as recorded_at,
    cast(null as string) as platform_customer_id,
    loyalty_id,
    customer_email as email,
    customer_phone as phone,
    cast(null as string) as first_name,
    cast(null as string) as last_name,
    false as is_email_verified,
    country_code
from {{ ref('stg_pos__sales') }}
