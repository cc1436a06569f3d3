{{ config(materialized='clusters', facts='int_identity__facts') }}
-- depends_on: {{ ref('int_identity__facts') }}
-- One account that seeds/identity_overrides.csv names, or the cluster that it is in, and where decisions put that
-- cluster: must_link joins two whole people whatever limits say, unless a cannot_link keeps them apart.
with

named as (
    select
        accounts.account_id,
        coalesce(matched.cluster_id, accounts.account_id) as cluster_id
    from {{ ref('int_identity__accounts') }} as accounts
    left join {{ ref('int_identity__matched') }} as matched on accounts.account_id = matched.node_id
    where accounts.own_key is not null
),

edges as (
    select
        0 as priority,
        account_id as node_a,
        cluster_id as node_b
    from named
    union all
    select
        edge_rank as priority,
        node_a,
        node_b
    from {{ ref('int_identity__edges') }}
    where rule_id is not null
)

select
    row_number() over (order by priority asc, node_a asc, node_b asc) as edge_rank,
    node_a,
    node_b,
    true as is_strong
from edges
