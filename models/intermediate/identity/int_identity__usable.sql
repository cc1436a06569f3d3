-- One identifier of one account that may be matched by, with the number of both and its rule. An e-mail or phone number
-- that several people use belongs to none of them: it matches accounts that tell the same first name with it, and those
-- that tell nothing else with each other.
with

identifiers as (
    select * from {{ ref('int_identity__identifiers') }}
),

quarantine as (
    select * from {{ ref('int_identity__quarantine') }}
),

shared as (
    select * from {{ ref('int_identity__shared') }}
),

judged as (
    select
        identifiers.*,
        shared.identifier_value is not null as is_shared,
        coalesce(identifiers.customer_number, identifiers.loyalty_id, identifiers.first_name) is null
            as tells_nothing_else
    from identifiers
    left join quarantine
        on
            identifiers.identifier_type = quarantine.identifier_type
            and identifiers.identifier_value = quarantine.identifier_value
    left join shared
        on
            identifiers.identifier_type = shared.identifier_type
            and identifiers.identifier_value = shared.identifier_value
    where quarantine.identifier_value is null
),

usable as (
    select
        account_id,
        identifier_type,
        identifier_value,
        rule_type,
        record_count,
        first_seen_at,
        last_seen_at
    from judged
    where not is_shared or tells_nothing_else
    union all
    select
        account_id,
        'named_' || identifier_type as identifier_type,
        identifier_value || '|' || first_name as identifier_value,
        'named_' || identifier_type as rule_type,
        record_count,
        first_seen_at,
        last_seen_at
    from judged
    where is_shared and first_name is not null
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
