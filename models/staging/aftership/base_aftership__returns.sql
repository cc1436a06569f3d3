-- One row per raw row of aftership.returns, JSON parsed once.
with

raw_returns as (
    select * from {{ source('aftership', 'returns') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

parsed as (
    select
        raw_returns.*,
        {{ parse_json('raw_returns.' ~ adapter.quote('order'), {
            'external_id': 'string', 'order_name': 'string', 'order_number': 'string', 'customer': {'emails': 'string'},
        }) }} as order_object,
        {{ parse_json('raw_returns.exchange', {'order': {'external_id': 'string', 'order_number': 'string'}}) }}
            as exchange_object,
        {{ parse_json('raw_returns.refunded_total', {'amount': 'string', 'currency': 'string'}) }} as refunded,
        {{ parse_json('raw_returns.return_items', [{
            'id': 'string', 'external_order_item_id': 'string', 'external_product_id': 'string',
            'external_variant_id': 'string', 'sku': 'string', 'return_reason': 'string', 'return_subreason': 'string',
            'intended_return_quantity': 'string', 'return_quantity': 'string', 'received_quantity': 'string',
        }]) }} as lines
    from raw_returns
),

typed as (
    select
        {{ clean_text('parsed.id') }} as return_id,
        {{ clean_text('parsed.rma_number') }} as rma_number,
        {{ to_utc('parsed.created_at') }} as requested_at,
        {{ to_utc('parsed.updated_at') }} as updated_at,
        {{ to_utc('parsed.approved_at') }} as approved_at,
        {{ to_utc('parsed.rejected_at') }} as rejected_at,
        {{ to_utc('parsed.refunded_at') }} as refunded_at,
        {{ to_utc('parsed.resolved_at') }} as resolved_at,
        {{ to_utc('parsed.expired_at') }} as expired_at,
        lower({{ clean_text('parsed.filed_by') }}) as filed_by,
        lower({{ clean_text('parsed.refund_destination') }}) as refund_destination,
        lower({{ clean_text('parsed.outcomes') }}) as outcomes,
        {{ clean_text('parsed.order_object.external_id') }} as order_reference,
        coalesce(
            {{ clean_text('parsed.order_object.order_name') }}, {{ clean_text('parsed.order_object.order_number') }}
        ) as order_label,
        -- The first of the addresses, out of the list's text.
        {{ clean_text("split_part(translate(parsed.order_object.customer.emails, '[]\"', ''), ',', 1)") }} as email,
        coalesce(
            {{ clean_text('parsed.exchange_object.order.external_id') }},
            {{ clean_text('parsed.exchange_object.order.order_number') }}
        ) as exchange_order_reference,
        parsed.refunded,
        parsed.refunded_total as refunded_text,
        upper({{ clean_text('parsed.refunded.currency') }}) as currency_code,
        parsed.lines,
        parsed.return_items as lines_text,
        {{ to_utc('parsed._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('parsed', {
            'id is missing': clean_text('parsed.id') ~ ' is null',
            'created_at is not a time': to_utc('parsed.created_at') ~ ' is null',
            'order is not an object': unreadable_json('parsed.' ~ adapter.quote('order'), 'parsed.order_object'),
            'return_items is not a list of objects': unreadable_json('parsed.return_items', 'parsed.lines'),
            'a line has no id': any_element('parsed.lines', 'element.id is null'),
            'the refunded amount is not a number': unreadable('parsed.refunded.amount', 'decimal(18, 4)'),
        }) }}
    from parsed
    cross join point_in_time
)

select
    return_id,
    rma_number,
    requested_at,
    coalesce(updated_at, requested_at) as updated_at,
    approved_at,
    rejected_at,
    refunded_at,
    resolved_at,
    expired_at,
    filed_by,
    refund_destination,
    outcomes,
    order_reference,
    order_label,
    email,
    exchange_order_reference,
    try_cast(refunded.amount as decimal(18, 4)) as refunded_amount,
    currency_code,
    lines,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['return_id'],
        changed_at='coalesce(updated_at, requested_at)',
        content=['resolved_at', 'refunded_at', 'approved_at', 'rejected_at', 'expired_at', 'refunded_text',
            'outcomes', 'refund_destination', 'lines_text', 'order_reference', 'order_label', 'email', 'exchange_order_reference',
            'currency_code', 'filed_by', 'rma_number', 'requested_at']
    ) }}
from typed
