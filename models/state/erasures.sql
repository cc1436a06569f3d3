{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}
-- One key of a person who is to be forgotten: a record, or an identifier that is this person's alone or that a request
-- names. E-mails and phones are salted hashes. Rows are only ever added, so that a person stays forgotten when the
-- request, or what tied the records together, is gone from the raw data. Whatever is matched with one of the keys later
-- is forgotten too. customer_id is the id at that time, null for a request that names nobody who is known.
with

assigned as (
    select * from {{ ref('int_identity__assigned') }}
    where customer_id is not null
),

sightings as (
    select * from {{ ref('int_identity__sightings') }}
),

requests as (
    select * from {{ ref('int_identity__erasure_requests') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

remembered as (
    select * from {{ source('state', 'erasures') }}
),

-- Nobody is forgotten because of an address that is everybody's.
quarantine as (
    select distinct
        identifier_type,
        split_part(identifier_value, '#', 1) as identifier_value
    from {{ ref('int_identity__quarantine') }}
),

told as (
    select
        assigned.customer_id,
        sightings.customer_number,
        sightings.loyalty_id,
        sightings.email,
        sightings.phone
    from sightings
    inner join assigned
        on
            sightings.source_name = assigned.source_name
            and sightings.source_record_type = assigned.source_record_type
            and sightings.source_record_id = assigned.source_record_id
),

identifiers as (
    select
        customer_id,
        'customer_number' as key_type,
        customer_number as key_value
    from told
    union
    select
        customer_id,
        'loyalty_id' as key_type,
        loyalty_id as key_value
    from told
    union
    select
        customer_id,
        'email' as key_type,
        email as key_value
    from told
    union
    select
        customer_id,
        'phone' as key_type,
        phone as key_value
    from told
),

known as (
    select
        identifiers.customer_id,
        identifiers.key_type,
        {{ shown_identifier('identifiers.key_type', 'identifiers.key_value') }} as key_value,
        count(*) over (partition by identifiers.key_type, identifiers.key_value) as people_count
    from identifiers
    anti join quarantine
        on
            identifiers.key_type = quarantine.identifier_type
            and identifiers.key_value = quarantine.identifier_value
    where identifiers.key_value is not null
),

wanted as (
    select
        requested_by,
        requested_at,
        source_name,
        source_record_type,
        key_type,
        {{ shown_identifier('key_type', 'key_value') }} as key_value
    from requests
    union all
    select
        requested_by,
        requested_at,
        source_name,
        source_record_type,
        key_type,
        key_value
    from remembered
),

found as (
    select
        known.customer_id,
        wanted.requested_by,
        wanted.requested_at
    from wanted
    inner join known on wanted.key_type = known.key_type and wanted.key_value = known.key_value
    union all
    select
        assigned.customer_id,
        wanted.requested_by,
        wanted.requested_at
    from wanted
    inner join assigned
        on
            wanted.source_name = assigned.source_name
            and wanted.source_record_type = assigned.source_record_type
            and wanted.key_value = assigned.source_record_id
    where wanted.key_type = 'record'
),

forgotten as (
    select
        customer_id,
        min(requested_at) as requested_at,
        min_by(requested_by, cast(requested_at as string) || requested_by) as requested_by
    from found
    group by customer_id
),

keys as (
    select
        assigned.source_name,
        assigned.source_record_type,
        'record' as key_type,
        assigned.source_record_id as key_value,
        forgotten.customer_id,
        forgotten.requested_at,
        forgotten.requested_by
    from assigned
    inner join forgotten on assigned.customer_id = forgotten.customer_id
    union all
    select
        '-' as source_name,
        '-' as source_record_type,
        known.key_type,
        known.key_value,
        forgotten.customer_id,
        forgotten.requested_at,
        forgotten.requested_by
    from known
    inner join forgotten on known.customer_id = forgotten.customer_id
    where known.people_count = 1 and known.key_type <> 'phone'
    union all
    select
        '-' as source_name,
        '-' as source_record_type,
        key_type,
        key_value,
        cast(null as string) as customer_id,
        requested_at,
        requested_by
    from wanted
    where key_type <> 'record'
),

new_keys as (
    select keys.*
    from keys
    anti join remembered
        on
            keys.source_name = remembered.source_name
            and keys.source_record_type = remembered.source_record_type
            and keys.key_type = remembered.key_type
            and keys.key_value = remembered.key_value
    qualify row_number() over (
        partition by keys.source_name, keys.source_record_type, keys.key_type, keys.key_value
        order by keys.customer_id asc nulls last, keys.requested_at asc, keys.requested_by asc
    ) = 1
)

select
    new_keys.key_type,
    new_keys.source_name,
    new_keys.source_record_type,
    new_keys.key_value,
    new_keys.customer_id,
    new_keys.requested_by,
    new_keys.requested_at,
    point_in_time.cut_at as noticed_at
from new_keys
cross join point_in_time
