{#
    Tables of the ledger are worked out anew only for members whose inputs changed, where the engine can change rows in place.
    Each row holds the inputs_hash of int_loyalty__members that it was made from, so that a build that stopped half-way,
    or a table that was left out of one, is caught up with by the next.
#}
{% macro changed_members() -%}
    select members.member_no
    from {{ ref('int_loyalty__members') }} as members
    left join (select distinct member_no, inputs_hash from {{ this }}) as made
        on members.member_no = made.member_no and members.inputs_hash = made.inputs_hash
    where made.member_no is null
{%- endmacro %}


{# As a further condition of a where clause; nothing when the whole table is made. #}
{% macro and_changed(member_no) -%}
    {%- if is_incremental() -%} and {{ member_no }} in ({{ perennial.changed_members() }}) {%- endif -%}
{%- endmacro %}


{# Before the new rows come: the old ones of members that changed, or are no more. #}
{% macro forget_changed() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where member_no not in (
            select member_no from {{ ref('int_loyalty__members') }}
            where member_no not in ({{ perennial.changed_members() }})
        )
    {%- endif -%}
{%- endmacro %}


{#
    As a query: the people whose rows a mart makes now, all of them unless it is carried on. Each row of the mart holds the
    state_hash of int_loyalty__people that it was made from, which no two members share.
#}
{% macro changed_people() -%}
    select * from {{ ref('int_loyalty__people') }}
    {%- if is_incremental() %}
    where state_hash not in (select distinct state_hash from {{ this }})
    {%- endif %}
{%- endmacro %}


{# As a further condition of a where clause, where there are people, the CTE of changed_people. #}
{% macro and_of_changed_people(member_no) -%}
    {%- if is_incremental() -%} and {{ member_no }} in (select member_no from people) {%- endif -%}
{%- endmacro %}


{# Before the new rows come: the old ones of people that changed, or are no more. #}
{% macro forget_changed_people() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where state_hash not in (select state_hash from {{ ref('int_loyalty__people') }})
    {%- endif -%}
{%- endmacro %}


{# Another text whenever the SQL of the ledger, macros included, is another one: then every member is worked out anew. #}
{% macro ledger_checksum() -%}
    {%- set parts = [
        perennial.fronts('lots', 'draws'), perennial.one_after_the_other('lots', 'events'), move_kind('event', 'type'),
        local_day('instant', 'days', 'zone'), utc_to_local('instant', 'zone'), as_points('hundredths'),
    ] -%}
    {%- if execute -%}
        {%- for node in graph.get('nodes', {}).values() if '/loyalty/' in node.original_file_path -%}
            {%- do parts.append(node.name ~ ' ' ~ node.checksum.checksum) -%}
        {%- endfor -%}
    {%- endif -%}
    {{- local_md5(parts | sort | join('\n')) -}}
{%- endmacro %}
