-- One identifier of one account that may be matched by, with the number of both and the order in which matches are made.
with

identifiers as (
    select
        *,
        case identifier_type when 'named_email' then 'email' when 'named_phone' then 'phone' else identifier_type end
            as bare_type,
        split_part(identifier_value, '|', 1) as bare_value
    from {{ ref('int_identity__identifiers') }}
),

quarantine as (
    select * from {{ ref('int_identity__quarantine') }}
),

usable as (
    select identifiers.*
    from identifiers
    left join quarantine
        on
            identifiers.bare_type = quarantine.identifier_type
            and identifiers.bare_value = quarantine.identifier_value
    where quarantine.identifier_value is null
),

largest as (
    select coalesce(max(account_id), 0) as account_id from {{ ref('int_identity__accounts') }}
)

select
    usable.account_id,
    largest.account_id + dense_rank() over (order by usable.identifier_type, usable.identifier_value) as identifier_id,
    usable.identifier_type,
    usable.identifier_value,
    usable.record_count,
    usable.first_seen_at,
    usable.last_seen_at,
    rules.match_order,
    rules.is_strong,
    rules.limit_per_person
from usable
cross join largest
inner join {{ ref('identity_rules') }} as rules on usable.rule_type = rules.identifier_type
