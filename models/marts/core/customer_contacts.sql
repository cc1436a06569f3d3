-- Grain: one person. Personal data: with the texts of reviews and tickets the only marts that hold any. Each value is
-- one that some record told, chosen by int_customers__attributes; *_source is the system of those that told it which
-- seeds/attribute_sources.csv puts first, *_seen_at its newest record in any. Traps: to have a contact is no permission
-- to use it, see consents; who asked to be forgotten has a row without any; *_seen_at of an account is when it was
-- made, not when it was last changed.
with

customers as (
    select * from {{ ref('customers') }}
),

attributes as (
    select * from {{ ref('int_customers__attributes') }}
    where survives
),

time_zones as (
    select * from {{ ref('int_customers__time_zones') }}
),

contacts as (
    select
        customer_id,
        max(case when attribute = 'email' then value end) as email,
        max(case when attribute = 'email' then source_name end) as email_source,
        max(case when attribute = 'email' then seen_at end) as email_seen_at,
        max(case when attribute = 'email' then record_count end) as email_record_count,
        max(case when attribute = 'phone' then value end) as phone_e164,
        max(case when attribute = 'phone' then source_name end) as phone_source,
        max(case when attribute = 'phone' then seen_at end) as phone_seen_at,
        max(case when attribute = 'phone' then record_count end) as phone_record_count,
        max(case when attribute = 'name' then value end) as first_name,
        max(case when attribute = 'name' then last_name end) as last_name,
        max(case when attribute = 'name' then source_name end) as name_source,
        max(case when attribute = 'name' then seen_at end) as name_seen_at,
        max(case when attribute = 'name' then record_count end) as name_record_count,
        max(case when attribute = 'country_code' then value end) as country_code,
        max(case when attribute = 'country_code' then source_name end) as country_source,
        max(case when attribute = 'country_code' then seen_at end) as country_seen_at,
        max(case when attribute = 'country_code' then record_count end) as country_record_count
    from attributes
    group by customer_id
)

select
    customers.customer_id,
    contacts.email,
    contacts.email_source,
    contacts.email_seen_at,
    contacts.email_record_count,
    contacts.phone_e164,
    contacts.phone_source,
    contacts.phone_seen_at,
    contacts.phone_record_count,
    contacts.first_name,
    contacts.last_name,
    contacts.name_source,
    contacts.name_seen_at,
    contacts.name_record_count,
    contacts.country_code,
    contacts.country_source,
    contacts.country_seen_at,
    contacts.country_record_count,
    time_zones.time_zone,
    time_zones.source_name as time_zone_source
from customers
left join contacts on customers.customer_id = contacts.customer_id
left join time_zones on customers.customer_id = time_zones.customer_id and not customers.is_erased
