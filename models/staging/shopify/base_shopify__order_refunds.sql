-- One row per raw row of shopify.order_refunds, JSON parsed once.
{%- set is_money_back = "lower(element.kind) = 'refund' and lower(element.status) = 'success'" %}
with

raw_refunds as (
    select * from {{ shopify_rows('order_refunds') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

parsed as (
    select
        raw_refunds.*,
        {{ parse_json('raw_refunds.refund_line_items', [{
            'id': 'bigint', 'line_item_id': 'bigint', 'quantity': 'string', 'subtotal': 'string',
            'total_tax': 'string', 'restock_type': 'string',
        }]) }} as lines,
        {{ parse_json('raw_refunds.order_adjustments', [{
            'id': 'bigint', 'kind': 'string', 'amount': 'string', 'tax_amount': 'string',
        }]) }} as adjustments,
        {{ parse_json('raw_refunds.transactions', [{'kind': 'string', 'status': 'string', 'amount': 'string'}]) }}
            as transactions_list
    from raw_refunds
),

limits as (
    select {{ threshold('max_line_amount') }} as max_line_amount
),

typed as (
    select
        cast({{ whole_number('parsed.id') }} as string) as refund_id,
        coalesce({{ clean_text('parsed.shop_url') }}, '-') as shop_url,
        cast({{ whole_number('parsed.order_id') }} as string) as shopify_order_id,
        {{ to_utc('parsed.created_at') }} as refunded_at,
        parsed.lines,
        parsed.adjustments,
        parsed.transactions_list,
        parsed.refund_line_items as lines_text,
        parsed.order_adjustments as adjustments_text,
        parsed.transactions as transactions_text,
        {{ to_utc('parsed._airbyte_extracted_at') }} as loaded_at,
        {{ refuse('parsed', {
            'id is missing or not a number': whole_number('parsed.id') ~ ' is null',
            'order_id is missing or not a number': whole_number('parsed.order_id') ~ ' is null',
            'created_at is not a time': to_utc('parsed.created_at') ~ ' is null',
            'refund_line_items is not a list of objects': unreadable_json('parsed.refund_line_items', 'parsed.lines'),
            'order_adjustments is not a list of objects':
                unreadable_json('parsed.order_adjustments', 'parsed.adjustments'),
            'transactions is not a list of objects':
                unreadable_json('parsed.transactions', 'parsed.transactions_list'),
            'a line has no id': any_element('parsed.lines', 'element.id is null'),
            'two lines have one id': repeats('parsed.lines', 'id'),
            'an amount is not a number':
                any_element('parsed.lines', 'try_cast(element.subtotal as decimal(18, 4)) is null')
                ~ ' or ' ~ any_element('parsed.adjustments', 'try_cast(element.amount as decimal(18, 4)) is null'),
            'an amount is worth more than anything':
                any_element('parsed.lines', 'abs(try_cast(element.subtotal as decimal(18, 4))) > limits.max_line_amount')
                ~ ' or ' ~ any_element(
                    'parsed.adjustments', 'abs(try_cast(element.amount as decimal(18, 4))) > limits.max_line_amount'
                ) ~ ' or ' ~ any_element(
                    'parsed.transactions_list',
                    'abs(try_cast(element.amount as decimal(18, 4))) > limits.max_line_amount'
                ),
        }) }}
    from parsed
    cross join limits
)

select
    refund_id,
    shop_url,
    shopify_order_id,
    refunded_at,
    lines,
    adjustments,
    not {{ any_element('lines', 'true') }} and not {{ any_element('adjustments', 'true') }} as has_no_pieces,
    -- A refund without a successful refund transaction moved no money: restock, exchange, unpaid order. Where the
    -- loader brings no transactions nobody knows, and the pieces count.
    transactions_list is null or {{ any_element('transactions_list', is_money_back) }} as has_moved_money,
    {{ sum_elements(
        'transactions_list',
        'case when ' ~ is_money_back ~ ' then try_cast(element.amount as decimal(18, 4)) end'
    ) }} as money_amount,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['shop_url', 'refund_id'],
        content=['refunded_at', 'shopify_order_id', 'lines_text', 'adjustments_text', 'transactions_text']
    ) }}
from typed
