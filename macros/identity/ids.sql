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
