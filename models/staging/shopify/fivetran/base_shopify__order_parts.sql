{{ config(enabled=var('shopify_loader') == 'fivetran') }}
-- One row per raw row of the tables in which Fivetran keeps the parts of orders, refunds and customers. What a part
-- says is judged where its owner is: a line with a bad price refuses its order, whichever loader brought it.
with

{% for table, shape in shopify_order_parts().items() -%}
{{ table }}_parts as (
    select
        {%- for column in shape.columns %}
        {{ column }},
        {%- endfor %}
        {{ adapter.quote(shape.owner) }} as _owner,
        {{ adapter.quote(shape.part) }} as _part,
        {{ shape.list or 'cast(null as string)' }} as _list,
        {{ to_flag(shape.is_deleted) if shape.is_deleted else 'false' }} as _is_deleted,
        {{ to_utc('_fivetran_synced') }} as _loaded_at
    from {{ source('shopify', table) }}
    where {{ loaded_in_time('_fivetran_synced') }}
),

{% endfor -%}
typed as (
    {%- for table in shopify_order_parts() %}
    {{ 'union all' if not loop.first }}
    select
        '{{ table }}' as raw_table,
        cast({{ whole_number('_owner') }} as string) as owner_id,
        {{ whole_number('_part') }} as part_number,
        {{ row_to_json(table ~ '_parts') }} as part,
        cast(_list as string) as inner_list,
        _is_deleted as is_deleted,
        _loaded_at as loaded_at,
        {{ refuse(table ~ '_parts', {
            'what it is part of is missing or not a number': whole_number('_owner') ~ ' is null',
            'its key is missing or not a number': whole_number('_part') ~ ' is null',
        }) }}
    from {{ table }}_parts
    {%- endfor %}
)

select
    raw_table,
    owner_id,
    part_number,
    part,
    inner_list,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(key=['raw_table', 'owner_id', 'part_number'], content=['part'], is_removed='is_deleted') }}
from typed
