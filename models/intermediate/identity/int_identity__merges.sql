{{ config(materialized='strongest_paths', edges='int_identity__followed', clusters='int_identity__clusters') }}
-- One merge that state.customer_id_changes does not know yet: the accounts by which both ids are found, and edge_rank,
-- the edge that joined them.
-- depends_on: {{ ref('int_identity__followed') }}, {{ ref('int_identity__clusters') }}
with

ids as (
    select * from {{ ref('int_identity__ids') }}
    where cluster_id is not null
),

members as (
    select * from {{ ref('int_identity__members') }}
),

newest as (
    select * from {{ source('state', 'customer_id_changes') }}
    qualify row_number() over (partition by old_customer_id order by change_number desc) = 1
),

merged as (
    select
        ids.issued_customer_id,
        ids.customer_id,
        ids.source_name,
        ids.source_record_type,
        ids.source_record_id
    from ids
    left join newest on ids.issued_customer_id = newest.old_customer_id
    where
        ids.customer_id <> ids.issued_customer_id
        and ids.customer_id <> coalesce(newest.customer_id, ids.issued_customer_id)
)

select
    merged.issued_customer_id as old_customer_id,
    merged.customer_id,
    survivors.account_id as from_node,
    retired.account_id as to_node
from merged
inner join ids on merged.customer_id = ids.issued_customer_id
inner join members as survivors
    on
        ids.source_name = survivors.source_name
        and ids.source_record_type = survivors.source_record_type
        and ids.source_record_id = survivors.source_record_id
inner join members as retired
    on
        merged.source_name = retired.source_name
        and merged.source_record_type = retired.source_record_type
        and merged.source_record_id = retired.source_record_id
