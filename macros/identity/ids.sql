{#
    Where each customer id lives now: with the first of its anchors that can still be matched, else with the first that still
    exists, alone. `anchors` is the relation state.customer_ids, `members` one row per record with its cluster, null for a
    record that can no longer be matched.
#}
{% macro held_ids(anchors, members) -%}
    select
        anchors.customer_id,
        anchors.issued_at,
        anchors.source_name,
        anchors.source_record_type,
        anchors.source_record_id,
        members.cluster_id,
        max(anchors.anchor_order) over (partition by anchors.customer_id) as anchor_count
    from {{ anchors }} as anchors
    inner join {{ members }} as members
        on
            anchors.source_name = members.source_name
            and anchors.source_record_type = members.source_record_type
            and anchors.source_record_id = members.source_record_id
    qualify row_number() over (
        partition by anchors.customer_id
        order by case when members.cluster_id is null then 1 else 0 end asc, anchors.anchor_order asc
    ) = 1
{%- endmacro %}


{# The words for a link: what is shared, as marts show it, and the earliest record of the account that has it. #}
{% macro link_columns() -%}
    {%- do return(
        ['identifier_type', 'identifier_value', 'source_name', 'source_record_type', 'source_record_id']
    ) -%}
{%- endmacro %}


{# The edges of int_identity__edges that `wanted` names by edge_rank, in those words. #}
{% macro links(wanted) -%}
    select
        edges.edge_rank,
        case when edges.rule_id is not null then 'manual' else usable.identifier_type end as identifier_type,
        case
            when edges.rule_id is not null then edges.rule_id
            when usable.identifier_type in ('email', 'named_email')
                then {{ shown_identifier("'email'", 'accounts.email') }}
            when usable.identifier_type in ('phone', 'named_phone')
                then {{ shown_identifier("'phone'", 'accounts.phone') }}
            else {{ shown_identifier('usable.identifier_type', 'usable.identifier_value') }}
        end as identifier_value,
        members.source_name,
        members.source_record_type,
        members.source_record_id
    from {{ wanted }} as wanted
    inner join {{ ref('int_identity__edges') }} as edges on wanted.edge_rank = edges.edge_rank
    inner join {{ ref('int_identity__accounts') }} as accounts on edges.node_a = accounts.account_id
    inner join {{ ref('int_identity__members') }} as members on edges.node_a = members.account_id
    left join {{ ref('int_identity__usable') }} as usable
        on edges.node_a = usable.account_id and edges.node_b = usable.identifier_id
    qualify row_number() over (
        partition by edges.edge_rank
        order by
            members.recorded_at asc nulls last, members.source_name asc, members.source_record_type asc,
            members.source_record_id asc
    ) = 1
{%- endmacro %}
