-- One reason to hold two nodes for one person: an account and an identifier that it uses, or two accounts that
-- seeds/identity_overrides.csv joins. edge_rank is the order in which reasons count, the strongest first; decisions are
-- last, since they join the people whom the others have found.
with

usable as (
    select * from {{ ref('int_identity__usable') }}
),

accounts as (
    select * from {{ ref('int_identity__accounts') }}
),

joined_by_hand as (
    select
        least(one.account_id, other.account_id) as node_a,
        greatest(one.account_id, other.account_id) as node_b,
        overrides.rule_id
    from {{ ref('identity_overrides') }} as overrides
    inner join accounts as one on one.own_key = {{ record_key('overrides.left') }}
    inner join accounts as other on other.own_key = {{ record_key('overrides.right') }}
    where overrides.action = 'must_link'
),

edges as (
    select
        account_id as node_a,
        identifier_id as node_b,
        is_strong,
        match_order,
        record_count,
        cast(null as string) as rule_id
    from usable
    union all
    select
        joined_by_hand.node_a,
        joined_by_hand.node_b,
        rules.is_strong,
        rules.match_order,
        1 as record_count,
        joined_by_hand.rule_id
    from joined_by_hand
    cross join {{ ref('identity_rules') }} as rules
    where rules.identifier_type = 'manual'
)

select
    row_number() over (
        order by
            case when rule_id is null then 0 else 1 end asc,
            match_order asc,
            record_count desc,
            node_b asc,
            node_a asc,
            rule_id asc
    ) as edge_rank,
    node_a,
    node_b,
    is_strong,
    rule_id
from edges
