-- One row per raw row of shopify.orders, JSON parsed once. Deletes: the newest deleted_at of an id counts, whichever
-- row carries it; nothing else is read from a tombstone. A deleted row that kept its data (Fivetran) is live until
-- then. Current-state columns (financial_status) cannot be rewound.
{%- set line_shape = [{
    'id': 'bigint', 'product_id': 'bigint', 'variant_id': 'bigint', 'sku': 'string', 'title': 'string',
    'variant_title': 'string', 'vendor': 'string', 'quantity': 'string', 'price': 'string', 'gift_card': 'boolean',
    'tip': 'string', 'total_discount': 'string', 'discount_allocations': [{'amount': 'string'}],
    'tax_lines': [{'price': 'string'}], 'properties': [{'name': 'string', 'value': 'string'}],
}] -%}
{%- set address_shape = {'first_name': 'string', 'last_name': 'string', 'country_code': 'string'} -%}
{%- set ordered_at = 'coalesce(' ~ to_utc('parsed.processed_at') ~ ', ' ~ to_utc('parsed.created_at') ~ ')' -%}
{%- set quantity, price = 'try_cast(element.quantity as decimal(18, 4))', 'try_cast(element.price as decimal(18, 4))' %}
with

raw_orders as (
    select * from {{ shopify_rows('orders') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

limits as (
    select {{ threshold('max_line_amount') }} as max_line_amount
),

parsed as (
    select
        raw_orders.*,
        {{ parse_json('raw_orders.line_items', line_shape) }} as lines,
        {{ parse_json('raw_orders.customer', {'id': 'bigint', 'email': 'string'}) }} as account
    from raw_orders
),

typed as (
    select
        cast({{ whole_number('parsed.id') }} as string) as shopify_order_id,
        coalesce({{ clean_text('parsed.shop_url') }}, '-') as shop_url,
        {{ clean_text('parsed.name') }} as order_name,
        {{ to_utc('parsed.created_at') }} as created_at,
        {{ to_utc('parsed.processed_at') }} as processed_at,
        {{ to_utc('parsed.updated_at') }} as updated_at,
        {{ to_utc('parsed.cancelled_at') }} as cancelled_at,
        {{ to_utc('parsed.deleted_at') }} as deleted_at,
        coalesce(try_cast(parsed.test as boolean), false) as is_test,
        lower({{ clean_text('parsed.financial_status') }}) as financial_status,
        lower({{ clean_text('parsed.source_name') }}) as order_source,
        cast({{ whole_number('parsed.location_id') }} as string) as location_id,
        parsed.account,
        {{ clean_text('parsed.email') }} as email,
        {{ clean_text('parsed.phone') }} as phone,
        upper({{ clean_text('parsed.currency') }}) as currency_code,
        coalesce(try_cast(parsed.taxes_included as boolean), false) as is_tax_included,
        try_cast(parsed.total_tax as decimal(18, 4)) as total_tax,
        try_cast(parsed.total_price as decimal(18, 4)) as total_price,
        try_cast(parsed.total_tip_received as decimal(18, 4)) as total_tip,
        {{ parse_json('parsed.total_shipping_price_set', {'shop_money': {'amount': 'string'}}) }} as shipping,
        {{ parse_json('parsed.discount_codes', [{'code': 'string', 'amount': 'string', 'type': 'string'}]) }}
            as discount_codes,
        parsed.lines,
        {{ parse_json('parsed.shipping_address', address_shape) }} as shipping_address,
        {{ parse_json('parsed.billing_address', address_shape) }} as billing_address,
        {{ clean_text('parsed.tags') }} as tags,
        coalesce(try_cast(parsed.buyer_accepts_marketing as boolean), false) as has_accepted_marketing,
        parsed.line_items as line_items_text,
        {{ to_utc('parsed._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('parsed', {
            'id is missing or not a number': whole_number('parsed.id') ~ ' is null',
            'created_at is not a time':
                clean_text('parsed.deleted_at') ~ ' is null and ' ~ to_utc('parsed.created_at') ~ ' is null',
            'processed_at is not a time': unreadable('parsed.processed_at', 'timestamp'),
            'deleted_at is not a time': unreadable('parsed.deleted_at', 'timestamp'),
            'the order time lies before the earliest plausible year':
                'year(' ~ ordered_at ~ ') < ' ~ threshold('earliest_plausible_year'),
            'the order time lies in the future': in_the_future(ordered_at, to_utc('parsed._airbyte_extracted_at')),
            'cancelled_at is not a time': unreadable('parsed.cancelled_at', 'timestamp'),
            'customer is not an object': unreadable_json('parsed.customer', 'parsed.account'),
            'line_items is not a list of objects': unreadable_json('parsed.line_items', 'parsed.lines'),
            'a line has no id': any_element('parsed.lines', 'element.id is null'),
            'two lines have one id': repeats('parsed.lines', 'id'),
            'shop_url has a colon': clean_text('parsed.shop_url') ~ " like '%:%'",
            'the price of a line is not a number': any_element('parsed.lines', price ~ ' is null'),
            'the quantity of a line is not a number': any_element('parsed.lines', quantity ~ ' is null'),
            'a discount of a line is not a positive number': any_element('parsed.lines', unreadable(
                'element.total_discount', 'decimal(18, 4)'
            ) ~ ' or ' ~ any_element(
                'element.discount_allocations', 'try_cast(element.amount as decimal(18, 4)) is null or try_cast(element.amount as decimal(18, 4)) < 0'
            )),
            'a line has a negative quantity or price': any_element('parsed.lines', quantity ~ ' < 0 or ' ~ price ~ ' < 0'),
            'a tax of a line is not a number': any_element('parsed.lines', any_element(
                'element.tax_lines', 'try_cast(element.price as decimal(18, 4)) is null'
            )),
            'a line is worth more than anything': any_element(
                'parsed.lines', 'cast(' ~ quantity ~ ' as decimal(19, 4)) * ' ~ price ~ ' > limits.max_line_amount or '
                ~ any_element(
                    'element.discount_allocations',
                    'try_cast(element.amount as decimal(18, 4)) > limits.max_line_amount'
                ) ~ ' or ' ~ any_element(
                    'element.tax_lines', 'abs(try_cast(element.price as decimal(18, 4))) > limits.max_line_amount'
                )
            ),
        }) }}
    from parsed
    cross join point_in_time
    cross join limits
),

deletions as (
    select
        *,
        max(case when deleted_at < cut_at then deleted_at end) over (partition by shop_url, shopify_order_id)
            as order_deleted_at
    from typed
)

select
    shopify_order_id,
    shop_url,
    order_name,
    created_at,
    coalesce(processed_at, created_at) as ordered_at,
    updated_at,
    case when cancelled_at < cut_at then cancelled_at end as cancelled_at,
    is_test,
    financial_status,
    order_source,
    location_id,
    cast(account.id as string) as shopify_customer_id,
    coalesce(email, {{ clean_text('account.email') }}) as email,
    phone,
    coalesce({{ clean_text('billing_address.first_name') }}, {{ clean_text('shipping_address.first_name') }})
        as first_name,
    coalesce({{ clean_text('billing_address.last_name') }}, {{ clean_text('shipping_address.last_name') }})
        as last_name,
    currency_code,
    is_tax_included,
    total_tax,
    total_price,
    total_tip,
    try_cast(shipping.shop_money.amount as decimal(18, 4)) as shipping_amount,
    discount_codes,
    lines,
    upper({{ clean_text('shipping_address.country_code') }}) as country_code,
    tags,
    has_accepted_marketing,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['shop_url', 'shopify_order_id'],
        changed_at='updated_at',
        content=['financial_status', 'cancelled_at', 'total_price', 'tags', 'email', 'phone', 'line_items_text',
            'processed_at', 'created_at', 'account.id', 'account.email', 'is_test', 'order_source', 'location_id',
            'currency_code', 'is_tax_included', 'total_tax', 'total_tip', 'shipping.shop_money.amount',
            'shipping_address.country_code', 'shipping_address.first_name', 'shipping_address.last_name',
            'billing_address.first_name', 'billing_address.last_name'],
        is_removed='(order_deleted_at is not null or (deleted_at is not null and created_at is null))'
    ) }}
from deletions
