-- One person who is to be forgotten: whom a request names, now or before, and whoever was forgotten before.
-- * An identifier that a request names is everybody's who has it; a phone only of those who had it when they asked.
-- * Whose records are mostly those of a forgotten person is that person.
-- * An identifier that a forgotten person had alone is that person's also under other records, unless the person still
--   has it: then matching has decided who else does.
-- * Nobody is forgotten because of an address that is everybody's.
with

assigned as (
    select * from {{ ref('int_identity__assigned') }}
    where customer_id is not null
),

known as (
    select * from {{ ref('int_identity__known') }}
    where key_type <> 'phone_tail'
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

sizes as (
    select
        customer_id,
        count(*) as record_count
    from assigned
    group by customer_id
),

-- Who a forgotten person is now.
same as (
    select
        remembered.customer_id as forgotten_id,
        assigned.customer_id,
        min(remembered.requested_by) as requested_by,
        min(remembered.requested_at) as requested_at
    from remembered
    inner join assigned
        on
            remembered.source_name = assigned.source_name
            and remembered.source_record_type = assigned.source_record_type
            and remembered.key_value = assigned.source_record_id
    inner join sizes on assigned.customer_id = sizes.customer_id
    where remembered.key_type = 'record'
    group by remembered.customer_id, assigned.customer_id
    having count(*) * 2 > min(sizes.record_count)
),

kept as (
    select
        same.forgotten_id,
        known.key_type,
        known.key_value
    from same
    inner join known on same.customer_id = known.customer_id
),

come_again as (
    select
        known.customer_id,
        remembered.requested_by,
        remembered.requested_at
    from remembered
    inner join known on remembered.key_type = known.key_type and remembered.key_value = known.key_value
    anti join kept
        on
            remembered.customer_id = kept.forgotten_id
            and remembered.key_type = kept.key_type
            and remembered.key_value = kept.key_value
    where remembered.customer_id is not null
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
    from same
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
