{#
    The materialisation of a graph's clusters. The model gives edges (edge_rank, unique, 1 the strongest; node_a, node_b:
    integers; is_strong); config facts names the model of what sets nodes apart (node_id, fact_kind, fact_value, fact_limit).
    The table has node_id and cluster_id, the smallest node of the cluster. Without facts nothing is limited, and only the
    columns node_a and node_b are needed.

    The result is that of taking the edges one by one, the strongest first, and joining the clusters of both ends unless
    together they break a limit: more than fact_limit values of one kind, or, over an edge that is not strong, names
    that do not agree. It comes in two steps that any engine runs as plain joins:
    1. connected components without limits, by star contraction (Kiveris et al. 2014, Rastogi et al. 2013) of what is left
       when nodes that have one neighbour follow it;
    2. for the components that break a limit, rounds of edges that are the strongest at both of their ends. No stronger edge
       can change those two clusters any more, so that their turn in the one-by-one order has come.
    Limits only grow tighter as clusters grow: a pair that was refused once is refused for all its edges.
#}
{% materialization clusters, default %}
    {%- set steps = [] -%}
    {{ run_hooks(pre_hooks) }}

    {%- set labels = perennial.components(sql, steps) -%}
    {%- set result = 'select node_id, cluster_id from ' ~ labels -%}
    {%- if config.get('facts') -%}
        {%- set facts = ref(config.get('facts')) -%}
        {%- set broken = perennial.cluster_step('broken', steps, perennial.broken_clusters(labels, facts)) -%}
        {%- set mended = perennial.cut_clusters('(' ~ sql ~ ')', labels, broken, facts, steps) -%}
        {%- set result -%}
            select
                labels.node_id,
                coalesce(mended.cluster_id, labels.cluster_id) as cluster_id
            from {{ labels }} as labels
            left join {{ mended }} as mended on labels.node_id = mended.node_id
        {%- endset -%}
    {%- endif -%}
    {{ return(perennial.write_result(result, steps)) }}
{% endmaterialization %}


{# The end of a materialisation that works in steps: the model's table, and the steps are gone. #}
{% macro write_result(result, steps) %}
    {%- set target = this.incorporate(type='table') -%}
    {%- do drop_relation_if_exists(load_cached_relation(this)) -%}
    {%- call statement('main') -%} {{ create_table_as(false, target, result) }} {%- endcall -%}
    {%- for step in steps -%} {%- do perennial.drop_work_table(step) -%} {%- endfor -%}

    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}
    {%- do persist_docs(target, model) -%}
    {%- do return({'relations': [target]}) -%}
{% endmacro %}


{# Write a step of the work as a table; one of that name is replaced. #}
{% macro cluster_step(name, steps, query) %}
    {%- set step = perennial.write_work_table(this.identifier ~ '__' ~ name, query) -%}
    {%- if step not in steps -%} {%- do steps.append(step) -%} {%- endif -%}
    {%- do return(step) -%}
{% endmacro %}


{% macro first_value(query) %}
    {%- do return(run_query(query).columns[0].values()[0]) -%}
{% endmacro %}


{#
    The connected components (node_id, cluster_id: the smallest node) of edges with a smaller and a larger node. A node
    that is the smaller one here and the larger one there is tied to itself. Larger nodes that only one smaller node has
    follow it, and of the smaller nodes only those take part that have several of the shared larger ones: of 4 million
    records and their identifiers a twentieth of the edges is left for the rounds.
#}
{% macro components(edges, steps) %}
    {%- set one_way -%}
        select least(node_a, node_b) as smaller, greatest(node_a, node_b) as larger from ({{ edges }}) as edges
    {%- endset -%}
    {%- set one_way = perennial.cluster_step('one_way', steps, one_way) -%}
    {%- set tied -%}
        select smaller as node_id from {{ one_way }} where smaller >= (select min(larger) from {{ one_way }})
        intersect
        select larger as node_id from {{ one_way }} where larger <= (select max(smaller) from {{ one_way }})
    {%- endset -%}
    {%- set tied = perennial.cluster_step('tied', steps, tied) -%}
    {%- set sides -%}
        (
            select smaller, larger from {{ one_way }}
            union all
            select node_id as smaller, node_id as larger from {{ tied }}
        )
    {%- endset -%}
    {%- set larger -%}
        select
            larger,
            min(smaller) as smallest,
            min(smaller) < max(smaller) as is_shared,
            max(smaller) = larger as is_tied
        from {{ sides }} as sides
        group by larger
    {%- endset -%}
    {%- set larger = perennial.cluster_step('larger', steps, larger) -%}
    {%- set smaller -%}
        select smaller, min(larger) as first_larger, max(larger) as last_larger, count(*) as larger_count
        from {{ sides }} as sides
        where larger in (select larger from {{ larger }} where is_shared)
        group by smaller
    {%- endset -%}
    {%- set smaller = perennial.cluster_step('smaller', steps, smaller) -%}
    {%- set links -%}
        select last_larger as child, first_larger as parent from {{ smaller }} where first_larger < last_larger
        union
        select sides.larger as child, smaller.first_larger as parent
        from {{ sides }} as sides
        inner join {{ smaller }} as smaller on sides.smaller = smaller.smaller
        inner join {{ larger }} as larger on sides.larger = larger.larger
        where smaller.larger_count > 2 and larger.is_shared and smaller.first_larger < sides.larger
    {%- endset -%}
    {%- set stars = perennial.star_contraction(perennial.cluster_step('links_0', steps, links), steps) -%}
    {%- set shared -%}
        with hubs as (
            select
                larger.larger,
                larger.smallest,
                larger.is_tied,
                coalesce(stars.parent, larger.larger) as hub
            from {{ larger }} as larger
            left join {{ stars }} as stars on larger.larger = stars.child
            where larger.is_shared
        ),
        smallest as (
            select hub, min(smallest) as cluster_id from hubs group by hub
        )
        select hubs.larger as node_id, smallest.cluster_id, hubs.is_tied
        from hubs
        inner join smallest on hubs.hub = smallest.hub
    {%- endset -%}
    {%- set shared = perennial.cluster_step('shared', steps, shared) -%}
    {%- set sharing -%}
        select smaller.smaller as node_id, shared.cluster_id
        from {{ smaller }} as smaller
        inner join {{ shared }} as shared on smaller.first_larger = shared.node_id
    {%- endset -%}
    {%- set sharing = perennial.cluster_step('sharing', steps, sharing) -%}
    {%- set labels -%}
        with followers as (
            select
                larger.larger,
                larger.smallest as smaller,
                larger.is_tied,
                coalesce(sharing.cluster_id, larger.smallest) as cluster_id,
                sharing.node_id is null as is_alone
            from {{ larger }} as larger
            left join {{ sharing }} as sharing on larger.smallest = sharing.node_id
            where not larger.is_shared
        )
        select node_id, cluster_id from {{ sharing }}
        union all
        select node_id, cluster_id from {{ shared }} where not is_tied
        union all
        select larger as node_id, cluster_id from followers where not is_tied
        union all
        select distinct smaller as node_id, cluster_id from followers where is_alone
    {%- endset -%}
    {%- do return(perennial.cluster_step('labels', steps, labels)) -%}
{% endmacro %}


{# Links (child, parent below it) as a forest of stars: every node but the smallest of its component points to that one. #}
{% macro star_contraction(links, steps) %}
    {%- set state = namespace(links=links, round=0, is_done=false) -%}
    {%- for _ in range(10000) if not state.is_done -%}
        {%- set large -%}
            with pairs as (
                select child as node, parent as neighbour from {{ state.links }}
                union all
                select parent as node, child as neighbour from {{ state.links }}
            ),
            smallest as (
                select node, least(node, min(neighbour)) as least_node from pairs group by node
            )
            select distinct pairs.neighbour as child, smallest.least_node as parent
            from pairs
            inner join smallest on pairs.node = smallest.node
            where pairs.neighbour > pairs.node
        {%- endset -%}
        {%- set small -%}
            with large as (
                {{ large }}
            ),
            smallest as (
                select child, min(parent) as least_node from large group by child
            )
            select child, least_node as parent from smallest
            union
            select large.parent as child, smallest.least_node as parent
            from large
            inner join smallest on large.child = smallest.child
            where large.parent <> smallest.least_node
        {%- endset -%}
        {%- set state.round = state.round + 1 -%}
        {%- set state.links = perennial.cluster_step('links_' ~ (state.round % 2 + 1), steps, small) -%}
        {%- set unfinished -%}
            select
                (select count(*) - count(distinct child) from {{ state.links }})
                + (select count(*) from {{ state.links }} where parent in (select child from {{ state.links }}))
        {%- endset -%}
        {%- set state.is_done = perennial.first_value(unfinished) == 0 -%}
    {%- endfor -%}
    {%- do return(state.links) -%}
{% endmacro %}


{# Components in which something may set nodes apart: no cluster that keeps its limits becomes another by being cut. #}
{% macro broken_clusters(labels, facts) -%}
    select distinct cluster_id
    from (
        select labels.cluster_id
        from {{ facts }} as facts
        inner join {{ labels }} as labels on facts.node_id = labels.node_id
        group by labels.cluster_id, facts.fact_kind
        having count(*) > coalesce(min(facts.fact_limit), 1) and min(facts.fact_value) <> max(facts.fact_value)
    ) as broken
{%- endmacro %}


{# The clusters of the nodes of broken components (node_id, cluster_id), with every limit kept. #}
{% macro cut_clusters(edges, labels, broken, facts, steps) %}
    {%- set mine = perennial.cluster_step('mended_0', steps,
        'select labels.node_id, labels.node_id as cluster_id from ' ~ labels ~ ' as labels inner join ' ~ broken
        ~ ' as broken on labels.cluster_id = broken.cluster_id'
    ) -%}
    {%- set known = perennial.cluster_step('known_0', steps,
        'select distinct mine.cluster_id, facts.fact_kind, facts.fact_value, facts.fact_limit from ' ~ facts
        ~ ' as facts inner join ' ~ mine ~ ' as mine on facts.node_id = mine.node_id'
    ) -%}
    {%- set open = perennial.cluster_step('open_0', steps,
        'select edges.edge_rank, edges.node_a as one, edges.node_b as other, edges.is_strong from ' ~ edges
        ~ ' as edges inner join ' ~ mine ~ ' as mine on edges.node_a = mine.node_id where edges.node_a <> edges.node_b'
    ) -%}
    {%- set is_done = perennial.first_value('select count(*) from ' ~ open) == 0 -%}
    {%- set state = namespace(mine=mine, known=known, open=open, round=0, is_done=is_done) -%}
    {%- for _ in range(100000) if not state.is_done -%}
        {%- set state.round = state.round + 1 -%}
        {%- set suffix = state.round % 2 + 1 -%}
        {%- set judged -%}
            with ends as (
                select one as cluster_id, edge_rank from {{ state.open }}
                union all
                select other as cluster_id, edge_rank from {{ state.open }}
            ),
            strongest as (
                select cluster_id, min(edge_rank) as edge_rank from ends group by cluster_id
            ),
            due as (
                select
                    open.edge_rank, open.is_strong,
                    least(open.one, open.other) as one, greatest(open.one, open.other) as other
                from {{ state.open }} as open
                inner join strongest as of_one
                    on open.one = of_one.cluster_id and open.edge_rank = of_one.edge_rank
                inner join strongest as of_other
                    on open.other = of_other.cluster_id and open.edge_rank = of_other.edge_rank
            ),
            {{ perennial.refusals('due', state.known) }},
            refused as (
                select distinct edge_rank from refusals
            )
            select due.one, due.other, due.is_strong, refused.edge_rank is not null as is_refused
            from due
            left join refused on due.edge_rank = refused.edge_rank
        {%- endset -%}
        {%- set due = perennial.cluster_step('due', steps, judged) -%}
        {%- set moved = '(select one, other from ' ~ due ~ ' where not is_refused)' -%}
        {%- set state.mine = perennial.cluster_step('mended_' ~ suffix, steps,
            'select mine.node_id, coalesce(moved.one, mine.cluster_id) as cluster_id from ' ~ state.mine
            ~ ' as mine left join ' ~ moved ~ ' as moved on mine.cluster_id = moved.other'
        ) -%}
        {%- set state.known = perennial.cluster_step('known_' ~ suffix, steps,
            'select distinct coalesce(moved.one, known.cluster_id) as cluster_id, known.fact_kind, known.fact_value, known.fact_limit from '
            ~ state.known ~ ' as known left join ' ~ moved ~ ' as moved on known.cluster_id = moved.other'
        ) -%}
        {%- set remaining -%}
            with renamed as (
                select
                    open.edge_rank, open.is_strong,
                    coalesce(moved_one.one, open.one) as one, coalesce(moved_other.one, open.other) as other
                from {{ state.open }} as open
                left join {{ moved }} as moved_one on open.one = moved_one.other
                left join {{ moved }} as moved_other on open.other = moved_other.other
            )
            select renamed.edge_rank, renamed.one, renamed.other, renamed.is_strong
            from renamed
            left join {{ due }} as due
                on
                    due.is_refused
                    and (due.is_strong or not renamed.is_strong)
                    and least(renamed.one, renamed.other) = due.one
                    and greatest(renamed.one, renamed.other) = due.other
            where renamed.one <> renamed.other and due.one is null
        {%- endset -%}
        {%- set state.open = perennial.cluster_step('open_' ~ suffix, steps, remaining) -%}
        {%- set state.is_done = perennial.first_value('select count(*) from ' ~ state.open) == 0 -%}
    {%- endfor -%}
    {%- do return(state.mine) -%}
{% endmacro %}


{#
    CTEs that end in refusals (edge_rank, fact_kind): what forbids to join the clusters at both ends of an edge. `edges`
    has edge_rank, is_strong and the clusters one and other, `known` what is true of clusters.
#}
{% macro refusals(edges, known) -%}
sides as (
    select edge_rank, is_strong, one as cluster_id, true as is_one from {{ edges }}
    union all
    select edge_rank, is_strong, other as cluster_id, false as is_one from {{ edges }}
),
members as (
    select
        sides.edge_rank, sides.is_strong, sides.is_one, known.fact_kind, known.fact_value, known.fact_limit
    from sides
    inner join {{ known }} as known on sides.cluster_id = known.cluster_id
),
above_limit as (
    select edge_rank, fact_kind
    from members
    where fact_limit is not null
    group by edge_rank, fact_kind
    having count(distinct fact_value) > min(fact_limit)
),
strangers as (
    select of_one.edge_rank, of_one.fact_kind
    from members as of_one
    inner join members as of_other on of_one.edge_rank = of_other.edge_rank
    where
        of_one.is_one
        and not of_other.is_one
        and of_one.fact_limit is null
        and of_other.fact_limit is null
        and not of_one.is_strong
        and not {{ names_agree('of_one.fact_value', 'of_other.fact_value') }}
),
refusals as (
    select edge_rank, fact_kind from above_limit
    union
    select edge_rank, fact_kind from strangers
)
{%- endmacro %}
