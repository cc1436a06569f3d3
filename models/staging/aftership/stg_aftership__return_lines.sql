-- One line of a return.
with

lines as (
    select
        return_id,
        {{ explode('lines') }} as line
    from {{ ref('base_aftership__returns') }}
    where row_status = 'staged'
)

select distinct
    return_id,
    {{ clean_text('line.id') }} as return_line_id,
    {{ clean_text('line.external_order_item_id') }} as order_line_reference,
    {{ clean_text('line.external_product_id') }} as product_id,
    {{ clean_text('line.external_variant_id') }} as variant_id,
    {{ clean_text('line.sku') }} as sku,
    {{ clean_text('line.return_reason') }} as reason,
    {{ clean_text('line.return_subreason') }} as subreason,
    coalesce({{ whole_number('line.return_quantity') }}, {{ whole_number('line.intended_return_quantity') }})
        as quantity,
    {{ whole_number('line.received_quantity') }} as received_quantity
from lines
