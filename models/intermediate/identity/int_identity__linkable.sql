{{ config(materialized='clusters') }}
-- One node and the component that any chain of identifiers reaches, limits and sharing aside: what matching could at
-- most find, which quality.identity_accuracy measures it against. Without a known truth nobody asks, and it is empty.
with

identifiers as (
    select * from {{ ref('int_identity__identifiers') }}
    where {{ 'true' if var('custom_identity_truth') else 'false' }}
),

quarantine as (
    select * from {{ ref('int_identity__quarantine') }}
),

bare as (
    select
        account_id,
        identifier_type,
        split_part(identifier_value, '#', 1) as identifier_value
    from identifiers
),

largest as (
    select coalesce(max(account_id), 0) as account_id from {{ ref('int_identity__accounts') }}
)

select
    bare.account_id as node_a,
    largest.account_id + dense_rank() over (order by bare.identifier_type, bare.identifier_value) as node_b
from bare
cross join largest
left join quarantine
    on bare.identifier_type = quarantine.identifier_type and bare.identifier_value = quarantine.identifier_value
where quarantine.identifier_value is null
