-- One node (account or identifier) and the person that it belongs to, by the smallest node: what identifiers say, and
-- then what was decided. An account without identifiers is here only if a must_link names it.
with

matched as (
    select * from {{ ref('int_identity__matched') }}
),

decided as (
    select * from {{ ref('int_identity__decided') }}
),

joined_by_hand as (
    select node_a as node_id from {{ ref('int_identity__edges') }}
    where rule_id is not null
    union
    select node_b as node_id from {{ ref('int_identity__edges') }}
    where rule_id is not null
)

select
    matched.node_id,
    coalesce(decided.cluster_id, matched.cluster_id) as cluster_id
from matched
left join decided on matched.cluster_id = decided.node_id
union all
select
    decided.node_id,
    decided.cluster_id
from decided
semi join joined_by_hand on decided.node_id = joined_by_hand.node_id
anti join matched on decided.node_id = matched.node_id
