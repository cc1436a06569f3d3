-- Grain: one identifier of one person that belongs to another, where matching kept the two apart. Nobody is the other
-- where an identifier was too much for all who use it. Who asked to be forgotten is not here. Ask for a pair either way
-- round.
with

edges as (
    select * from {{ ref('int_identity__edges') }}
),

forgotten as (
    select distinct ids.cluster_id
    from {{ ref('int_identity__ids') }} as ids
    semi join {{ ref('int_identity__records') }} as records
        on ids.customer_id = records.customer_id and records.is_erased
),

clusters as (
    select clusters.*
    from {{ ref('int_identity__clusters') }} as clusters
    anti join forgotten on clusters.cluster_id = forgotten.cluster_id
),

facts as (
    select * from {{ ref('int_identity__facts') }}
),

people as (
    select distinct
        cluster_id,
        customer_id
    from {{ ref('int_identity__ids') }}
    where cluster_id is not null
),

cut as (
    select
        edges.edge_rank,
        edges.is_strong,
        edges.rule_id is not null as is_decision,
        of_account.cluster_id as one,
        of_identifier.cluster_id as other
    from edges
    inner join clusters as of_account on edges.node_a = of_account.node_id
    inner join clusters as of_identifier on edges.node_b = of_identifier.node_id
    where of_account.cluster_id <> of_identifier.cluster_id
),

concerned as (
    select one as cluster_id from cut
    union
    select other as cluster_id from cut
),

known as (
    select distinct
        clusters.cluster_id,
        facts.fact_kind,
        facts.fact_value,
        facts.fact_limit
    from facts
    inner join clusters on facts.node_id = clusters.node_id
    inner join concerned on clusters.cluster_id = concerned.cluster_id
),

{{ refusals('cut', 'known') }},

-- Of several reasons a decision counts first, and names last.
reasons as (
    select
        refusals.edge_rank,
        split_part(refusals.fact_kind, '|', 1) as reason,
        case
            when refusals.fact_kind like 'cannot_link|%' then substr(refusals.fact_kind, length('cannot_link|') + 1)
        end as rule_id
    from refusals
    inner join cut on refusals.edge_rank = cut.edge_rank
    where not cut.is_decision or refusals.fact_kind like 'cannot_link|%'
    qualify row_number() over (
        partition by refusals.edge_rank
        order by
            case
                when refusals.fact_kind like 'cannot_link|%' then 1
                when refusals.fact_kind like 'customer_number|%' then 2
                when refusals.fact_kind like 'loyalty_id|%' then 3
                when refusals.fact_kind <> 'name' then 4
                else 5
            end asc,
            refusals.fact_kind asc
    ) = 1
),

links as (
    {{ links('cut') | indent(4) }}
),

told as (
    select
        links.*,
        people.customer_id,
        others.customer_id as other_customer_id
    from cut
    inner join links on cut.edge_rank = links.edge_rank
    inner join people on cut.one = people.cluster_id
    left join people as others on cut.other = others.cluster_id
    qualify row_number() over (
        partition by
            links.identifier_type, links.identifier_value, people.customer_id, others.customer_id
        order by links.edge_rank
    ) = 1
)

select
    told.customer_id,
    told.other_customer_id,
    told.identifier_type,
    told.identifier_value,
    reasons.reason,
    reasons.rule_id,
    told.source_name,
    told.source_record_type,
    told.source_record_id
from told
left join reasons on told.edge_rank = reasons.edge_rank
