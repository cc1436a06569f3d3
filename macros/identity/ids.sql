{#
    Where each customer id lives now: the cluster of the first of its anchors that still exists. `anchors` is the relation
    state.customer_ids, `members` one row per record with its cluster.
#}
{% macro held_ids(anchors, members) -%}
    select
        anchors.customer_id,
        min(anchors.issued_at) as issued_at,
        min_by(members.cluster_id, anchors.anchor_order) as cluster_id,
        max(anchors.anchor_order) as anchor_count
    from {{ anchors }} as anchors
    inner join {{ members }} as members
        on
            anchors.source_name = members.source_name
            and anchors.source_record_type = members.source_record_type
            and anchors.source_record_id = members.source_record_id
    group by anchors.customer_id
{%- endmacro %}
