{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}
-- One key of a person who is to be forgotten: a record, or an identifier that is this person's alone or that a request
-- names. E-mails and phones are salted hashes. Rows are only ever added, so that a person stays forgotten when the
-- request, or what tied the records together, is gone from the raw data. customer_id is the id at that time, null for
-- an identifier that a request names.
with

forgotten as (
    select * from {{ ref('int_identity__forgotten') }}
),

requests as (
    select * from {{ ref('int_identity__erasure_requests') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
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
    from {{ ref('int_identity__assigned') }} as assigned
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
    from {{ ref('int_identity__known') }} as known
    inner join forgotten on known.customer_id = forgotten.customer_id
    where known.key_type <> 'phone' and (known.people_count = 1 or known.key_type = 'phone_tail')
    union all
    select
        '-' as source_name,
        '-' as source_record_type,
        key_type,
        {{ shown_identifier('key_type', 'key_value') }} as key_value,
        cast(null as string) as customer_id,
        requested_at,
        requested_by
    from requests
    where key_type <> 'record'
    union all
    select
        '-' as source_name,
        '-' as source_record_type,
        'phone_tail' as key_type,
        {{ phone_tail_key('key_value') }} as key_value,
        cast(null as string) as customer_id,
        requested_at,
        requested_by
    from requests
    where key_type = 'phone'
),

new_keys as (
    select keys.*
    from keys
    anti join {{ source('state', 'erasures') }} as remembered
        on
            keys.source_name = remembered.source_name
            and keys.source_record_type = remembered.source_record_type
            and keys.key_type = remembered.key_type
            and keys.key_value = remembered.key_value
            and (
                keys.key_type = 'record'
                or coalesce(keys.customer_id, '-') = coalesce(remembered.customer_id, '-')
            )
    qualify row_number() over (
        partition by
            keys.source_name, keys.source_record_type, keys.key_type, keys.key_value, keys.customer_id
        order by keys.requested_at asc nulls last, keys.requested_by asc
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
