{#
    The shop's numbers of a person, by which messaging tools know their profiles. Somebody may have several: is_main is the
    smallest, and the one that is written to.
#}
{% macro external_ids() -%}
    select
        customer_id,
        {{ last_part('source_record_id') }} as external_id,
        row_number() over (
            partition by customer_id order by {{ last_part('source_record_id') }} asc, source_record_id asc
        ) = 1 as is_main
    from {{ ref('customer_records') }}
    where source_name = 'shopify' and source_record_type = 'customer'
{%- endmacro %}


{# When a person's numbers last became, or ceased to be, one person: what tools were told under a number may move then. #}
{% macro regroupings() -%}
    select
        customer_id,
        max(changed_at) as changed_at
    from (
        select
            customer_id,
            max(changed_at) over (partition by old_customer_id) as changed_at
        from {{ ref('customer_id_changes') }}
        union all
        select
            old_customer_id as customer_id,
            changed_at
        from {{ ref('customer_id_changes') }}
    ) as changed
    group by customer_id
{%- endmacro %}


{# The channels in which something is sent, one row each, and whether somebody who said nothing may be marketed to there. #}
{% macro marketing_channels() -%}
    select
        channel,
        unknown_is_consent
    from {{ ref('consent_policy') }}
    where purpose = 'marketing'
{%- endmacro %}


{# An instant as JSON text, in ISO 8601. #}
{% macro json_time(instant) -%} '"' || replace(cast({{ instant }} as string), ' ', 'T') || 'Z"' {%- endmacro %}


{# The messaging tools that this shop has, one row each; no row where there is none. #}
{% macro messaging_tool_rows() -%}
    {%- for tool in messaging_tools() %}
    {{ 'union all' if not loop.first }}
    select '{{ tool }}' as destination
    {%- else %}
    select cast(null as string) as destination
    where false
    {%- endfor %}
{%- endmacro %}
