-- One person who is to be forgotten: whom a request names, now or before, and whoever was forgotten before.
-- * An identifier that a request names is everybody's who has it; a phone only of those who had it when they asked.
-- * An identifier that an erased person had alone is that person's again once the person's records do not tell it any
--   more; until then matching decides who else has it.
-- * Nobody is forgotten because of an address that is everybody's.
with

assigned as (
    select * from {{ ref('int_identity__assigned') }}
    where customer_id is not null
),

known as (
    select * from {{ ref('int_identity__known') }}
),

ids as (
    select * from {{ ref('int_identity__ids') }}
),

remembered as (
    select * from {{ source('state', 'erasures') }}
),

named as (
    select
        requested_by,
        requested_at,
        source_name,
        source_record_type,
        key_type,
        {{ shown_identifier('key_type', 'key_value') }} as key_value
    from {{ ref('int_identity__erasure_requests') }}
    union all
    select
        requested_by,
        requested_at,
        source_name,
        source_record_type,
        key_type,
        key_value
    from remembered
    where customer_id is null
),

before as (
    select
        remembered.key_type,
        remembered.key_value,
        remembered.requested_by,
        remembered.requested_at,
        ids.customer_id
    from remembered
    left join ids on remembered.customer_id = ids.issued_customer_id
    where remembered.customer_id is not null
),

come_again as (
    select
        known.customer_id,
        before.requested_by,
        before.requested_at
    from before
    inner join known on before.key_type = known.key_type and before.key_value = known.key_value
    left join known as own
        on
            before.customer_id = own.customer_id
            and before.key_type = own.key_type
            and before.key_value = own.key_value
    where own.customer_id is null
),

found as (
    select
        known.customer_id,
        named.requested_by,
        named.requested_at
    from named
    inner join known on named.key_type = known.key_type and named.key_value = known.key_value
    where
        known.key_type <> 'phone'
        or named.requested_at is null
        or known.first_seen_at is null
        or known.first_seen_at <= named.requested_at
    union all
    select
        assigned.customer_id,
        named.requested_by,
        named.requested_at
    from named
    inner join assigned
        on
            named.source_name = assigned.source_name
            and named.source_record_type = assigned.source_record_type
            and named.key_value = assigned.source_record_id
    where named.key_type = 'record'
    union all
    select
        customer_id,
        requested_by,
        requested_at
    from before
    where customer_id is not null
    union all
    select
        customer_id,
        requested_by,
        requested_at
    from come_again
)

select
    customer_id,
    min(requested_at) as requested_at,
    min_by(requested_by, coalesce(cast(requested_at as string), '9') || requested_by) as requested_by
from found
group by customer_id
