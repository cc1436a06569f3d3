{{ config(materialized='view') }}
-- One edge of int_identity__edges that identifiers or a decision led over; one that a limit refused is not here, though
-- a decision may have joined its ends in another way.
select
    edges.edge_rank,
    edges.node_a,
    edges.node_b
from {{ ref('int_identity__edges') }} as edges
left join {{ ref('int_identity__matched') }} as of_a on edges.node_a = of_a.node_id
left join {{ ref('int_identity__matched') }} as of_b on edges.node_b = of_b.node_id
where edges.rule_id is not null or of_a.cluster_id = of_b.cluster_id
