{#
    The materialisation of the links that join nodes of one cluster. The model gives pairs (from_node, to_node, both of
    one cluster, and one from_node for all pairs of a cluster; more columns as it likes); the configs edges and clusters
    name the model of edges and that of their clusters. The table has the model's columns and edge_rank: the edge at which
    the two come together when edges are taken one by one, the strongest first. That is the weakest edge on the strongest
    path between them; for a node and itself its strongest edge.

    From every from_node the walk goes outwards, one edge a round, and remembers for each node the weakest edge on the
    best way to it so far. Only edges within clusters of a pair are looked at, and without pairs nothing is. No way passes
    a node twice, so that there are at most twice as many rounds as a cluster has identifiers, of which limits leave a
    person few.
#}
{% materialization strongest_paths, default %}
    {%- set steps = [] -%}
    {{ run_hooks(pre_hooks) }}

    {%- set pairs = perennial.cluster_step('pairs', steps, sql) -%}
    {%- set result = 'select pairs.*, cast(null as bigint) as edge_rank from ' ~ pairs ~ ' as pairs' -%}
    {%- if perennial.first_value('select count(*) from ' ~ pairs) > 0 -%}
        {%- set ways = perennial.cluster_step('ways', steps,
            perennial.ways_of(pairs, ref(config.get('edges')), ref(config.get('clusters')))
        ) -%}
        {%- set reached = perennial.walk(pairs, ways, steps) -%}
        {%- set result -%}
            with own as (
                select node_id, min(edge_rank) as edge_rank
                from {{ ways }}
                where node_id in (select from_node from {{ pairs }})
                group by node_id
            )
            select
                pairs.*,
                case when pairs.from_node = pairs.to_node then own.edge_rank else reached.edge_rank end as edge_rank
            from {{ pairs }} as pairs
            left join {{ reached }} as reached on pairs.to_node = reached.node_id
            left join own on pairs.to_node = own.node_id
        {%- endset -%}
    {%- endif -%}
    {{ return(perennial.write_result(result, steps)) }}
{% endmaterialization %}


{# The edges within clusters of a pair, in both directions. #}
{% macro ways_of(pairs, edges, clusters) -%}
    with concerned as (
        select distinct clusters.cluster_id
        from {{ pairs }} as pairs
        inner join {{ clusters }} as clusters on pairs.from_node = clusters.node_id
    ),
    nodes as (
        select clusters.node_id, clusters.cluster_id
        from {{ clusters }} as clusters
        inner join concerned on clusters.cluster_id = concerned.cluster_id
    ),
    inside as (
        select edges.node_a, edges.node_b, edges.edge_rank
        from {{ edges }} as edges
        inner join nodes as of_a on edges.node_a = of_a.node_id
        inner join nodes as of_b on edges.node_b = of_b.node_id and of_a.cluster_id = of_b.cluster_id
    )
    select node_a as node_id, node_b as next_id, edge_rank from inside
    union all
    select node_b as node_id, node_a as next_id, edge_rank from inside
{%- endmacro %}


{# Every node that a walk from the pairs' from_node reaches, with the weakest edge on the strongest way to it. #}
{% macro walk(pairs, ways, steps) %}
    {%- set start -%}
        select distinct from_node as node_id, cast(0 as bigint) as edge_rank, true as is_better from {{ pairs }}
    {%- endset -%}
    {%- set state = namespace(reached=perennial.cluster_step('reached_0', steps, start), round=0, is_done=false) -%}
    {%- for _ in range(100000) if not state.is_done -%}
        {%- set further -%}
            with offers as (
                select node_id, edge_rank as known_rank, edge_rank from {{ state.reached }}
                union all
                select
                    ways.next_id as node_id, cast(null as bigint) as known_rank,
                    greatest(reached.edge_rank, ways.edge_rank) as edge_rank
                from {{ state.reached }} as reached
                inner join {{ ways }} as ways on reached.node_id = ways.node_id
                where reached.is_better
            )
            select
                node_id, min(edge_rank) as edge_rank, coalesce(min(edge_rank) < min(known_rank), true) as is_better
            from offers
            group by node_id
        {%- endset -%}
        {%- set state.round = state.round + 1 -%}
        {%- set state.reached = perennial.cluster_step('reached_' ~ (state.round % 2 + 1), steps, further) -%}
        {%- set better = 'select count(*) from ' ~ state.reached ~ ' where is_better' -%}
        {%- set state.is_done = perennial.first_value(better) == 0 -%}
    {%- endfor -%}
    {%- do return(state.reached) -%}
{% endmacro %}
