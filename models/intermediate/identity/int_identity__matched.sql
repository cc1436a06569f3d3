{{ config(materialized='clusters', facts='int_identity__facts') }}
-- depends_on: {{ ref('int_identity__facts') }}
-- One node (account or identifier) and the cluster that identifiers put it into, by its smallest node, see
-- macros/identity. That is an account, since accounts are numbered before identifiers.
select
    edge_rank,
    node_a,
    node_b,
    is_strong
from {{ ref('int_identity__edges') }}
where rule_id is null
