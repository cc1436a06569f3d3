-- One e-mail or phone number (in one of its turns) that several people demonstrably use: accounts with it have
-- different customer numbers of one shop, different cards of one programme, or first names that do not agree.
with

identifiers as (
    select * from {{ ref('int_identity__identifiers') }}
    where identifier_type in ('email', 'phone')
),

strong as (
    select
        identifier_type,
        identifier_value,
        'customer_number|' || {{ id_namespace('customer_number') }} as kind,
        customer_number as strong_id
    from identifiers
    where customer_number is not null
    union all
    select
        identifier_type,
        identifier_value,
        'loyalty_id|' || {{ id_namespace('loyalty_id') }} as kind,
        loyalty_id as strong_id
    from identifiers
    where loyalty_id is not null
),

names as (
    select distinct
        identifier_type,
        identifier_value,
        full_name
    from identifiers
    where full_name is not null
),

by_id as (
    select
        identifier_type,
        identifier_value
    from strong
    group by identifier_type, identifier_value, kind
    having count(distinct strong_id) > 1
),

by_name as (
    select
        one.identifier_type,
        one.identifier_value
    from names as one
    inner join names as other
        on
            one.identifier_type = other.identifier_type
            and one.identifier_value = other.identifier_value
            and one.full_name < other.full_name
    where not {{ names_agree('one.full_name', 'other.full_name') }}
)

select
    identifier_type,
    identifier_value
from by_id
union
select
    identifier_type,
    identifier_value
from by_name
