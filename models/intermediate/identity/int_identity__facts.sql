-- One thing that is true of a node and sets people apart: of how many values of a kind one person may have. A null
-- limit is for names, which differ only if names_agree (macros/identity/normalise.sql) says so.
with

accounts as (
    select * from {{ ref('int_identity__accounts') }}
),

overrides as (
    select * from {{ ref('identity_overrides') }}
    where action = 'cannot_link'
),

identifiers as (
    select distinct
        identifier_id,
        identifier_type || '|'
        || case
            when identifier_type in ('customer_number', 'loyalty_id') then {{ id_namespace('identifier_value') }}
            else ''
        end as fact_kind,
        identifier_value,
        limit_per_person
    from {{ ref('int_identity__usable') }}
    where limit_per_person is not null
)

select
    identifier_id as node_id,
    fact_kind,
    identifier_value as fact_value,
    min(limit_per_person) as fact_limit
from identifiers
group by identifier_id, fact_kind, identifier_value
union all
select
    account_id as node_id,
    'name' as fact_kind,
    first_name || coalesce(' ' || last_name, '') as fact_value,
    cast(null as int) as fact_limit
from accounts
where first_name is not null
union all
select
    accounts.account_id as node_id,
    'cannot_link|' || overrides.rule_id as fact_kind,
    'left' as fact_value,
    1 as fact_limit
from overrides
inner join accounts on accounts.own_key = {{ record_key('overrides.left') }}
union all
select
    accounts.account_id as node_id,
    'cannot_link|' || overrides.rule_id as fact_kind,
    'right' as fact_value,
    1 as fact_limit
from overrides
inner join accounts on accounts.own_key = {{ record_key('overrides.right') }}
