-- Grain: one identifier of one person. E-mails, phones and devices are salted hashes. An identifier that several people
-- use (a household's inbox) is here once for each of them. Of those who asked to be forgotten see customer_erasures.
with

sightings as (
    select * from {{ ref('int_identity__sightings') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
    where customer_id is not null and not is_erased
),

sessions as (
    select sessions.*
    from {{ ref('web_sessions') }} as sessions
    inner join {{ ref('customers') }} as customers on sessions.customer_id = customers.customer_id
    where not customers.is_erased
),

quarantine as (
    select * from {{ ref('int_identity__quarantine') }}
),

told as (
    select
        records.customer_id,
        sightings.source_name,
        sightings.recorded_at,
        sightings.customer_number,
        sightings.loyalty_id,
        sightings.email,
        sightings.phone
    from sightings
    inner join records
        on
            sightings.source_name = records.source_name
            and sightings.source_record_type = records.source_record_type
            and sightings.source_record_id = records.source_record_id
),

identifiers as (
    select
        customer_id,
        'customer_number' as identifier_type,
        customer_number as identifier_value,
        source_name,
        recorded_at
    from told
    where customer_number is not null
    union all
    select
        customer_id,
        'loyalty_id' as identifier_type,
        loyalty_id as identifier_value,
        source_name,
        recorded_at
    from told
    where loyalty_id is not null
    union all
    select
        customer_id,
        'email' as identifier_type,
        email as identifier_value,
        source_name,
        recorded_at
    from told
    where email is not null
    union all
    select
        customer_id,
        'phone' as identifier_type,
        phone as identifier_value,
        source_name,
        recorded_at
    from told
    where phone is not null
    union all
    select
        customer_id,
        'device' as identifier_type,
        visitor_id as identifier_value,
        source_name,
        started_at as recorded_at
    from sessions
),

counted as (
    select
        identifiers.customer_id,
        identifiers.identifier_type,
        identifiers.identifier_value,
        min_by(
            identifiers.source_name,
            coalesce(cast(identifiers.recorded_at as string), '9') || identifiers.source_name
        ) as source_name,
        min(identifiers.recorded_at) as first_seen_at,
        max(identifiers.recorded_at) as last_seen_at,
        count(*) as record_count
    from identifiers
    left join quarantine
        on
            identifiers.identifier_type = quarantine.identifier_type
            and identifiers.identifier_value = quarantine.identifier_value
    where quarantine.identifier_value is null
    group by identifiers.customer_id, identifiers.identifier_type, identifiers.identifier_value
)

select
    counted.customer_id,
    counted.identifier_type,
    {{ shown_identifier('counted.identifier_type', 'counted.identifier_value') }} as identifier_value,
    counted.source_name,
    coalesce(rules.is_strong, false) as is_strong,
    counted.first_seen_at,
    counted.last_seen_at,
    counted.record_count
from counted
left join {{ ref('identity_rules') }} as rules on counted.identifier_type = rules.identifier_type
