-- One identifier that is kept out of matching: seeds/blocked_identifiers.csv names it, or more people use it than
-- seeds/identity_rules.csv allows. People are counted by what tells them apart: customer numbers of one shop, loyalty
-- ids, first names.
with

identifiers as (
    select * from {{ ref('int_identity__identifiers') }}
),

-- dbt's own reader of CSV, which Spark depends on, takes the word null for no value.
blocked as (
    select
        identifier_type,
        coalesce(identifier_value, 'null') as identifier_value,
        is_pattern
    from {{ ref('blocked_identifiers') }}
),

-- A verified address is an address: the stricter of the limits holds.
limits as (
    select
        case when identifier_type = 'verified_email' then 'email' else identifier_type end as identifier_type,
        min(people_limit) as people_limit
    from {{ ref('identity_rules') }}
    where people_limit is not null
    group by case when identifier_type = 'verified_email' then 'email' else identifier_type end
),

counted as (
    select
        identifier_type,
        identifier_value,
        greatest(count(distinct customer_number), count(distinct loyalty_id), count(distinct first_name))
            as distinct_people,
        cast(sum(record_count) as bigint) as record_count
    from identifiers
    group by identifier_type, identifier_value
),

by_value as (
    select
        counted.identifier_type,
        counted.identifier_value
    from counted
    inner join blocked
        on
            counted.identifier_type = blocked.identifier_type
            and lower(counted.identifier_value) = blocked.identifier_value
    where not blocked.is_pattern
),

by_pattern as (
    select distinct
        counted.identifier_type,
        counted.identifier_value
    from counted
    inner join blocked on counted.identifier_type = blocked.identifier_type and blocked.is_pattern
    where {{ matches_column('lower(counted.identifier_value)', 'blocked.identifier_value') }}
),

judged as (
    select
        counted.identifier_type,
        counted.identifier_value,
        case
            when by_value.identifier_value is not null then 'blocked_value'
            when by_pattern.identifier_value is not null then 'blocked_pattern'
            when counted.distinct_people > limits.people_limit then 'too_many_people'
        end as reason,
        counted.distinct_people,
        counted.record_count
    from counted
    left join by_value
        on
            counted.identifier_type = by_value.identifier_type
            and counted.identifier_value = by_value.identifier_value
    left join by_pattern
        on
            counted.identifier_type = by_pattern.identifier_type
            and counted.identifier_value = by_pattern.identifier_value
    left join limits on counted.identifier_type = limits.identifier_type
)

select
    identifier_type,
    identifier_value,
    reason,
    distinct_people,
    record_count
from judged
where reason is not null
