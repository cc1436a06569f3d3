{{ config(materialized='clusters', facts='int_identity__facts') }}
-- depends_on: {{ ref('int_identity__facts') }}
-- One node (account or identifier) and the cluster that it belongs to, by its smallest node, see macros/identity.
select
    edge_rank,
    node_a,
    node_b,
    is_strong
from {{ ref('int_identity__edges') }}
