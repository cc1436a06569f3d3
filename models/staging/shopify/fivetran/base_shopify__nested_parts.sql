{{ config(enabled=var('shopify_loader') == 'fivetran') }}
-- One order, refund or customer with its parts as the JSON that Airbyte would have landed, so that one base model reads
-- both.
with

parts as (
    select * from {{ ref('base_shopify__order_parts') }}
    where row_status = 'staged'
),

orders as (
    select
        cast({{ whole_number('id') }} as string) as order_id,
        cast({{ whole_number('max_by(customer_id, _fivetran_synced)') }} as string) as customer_id,
        max(try_cast(total_tip_received as decimal(18, 4))) as total_tip_received
    from {{ source('shopify', 'order') }}
    group by order_id
),

customers as (
    select
        cast({{ whole_number('id') }} as string) as id,
        max({{ clean_text('email') }}) as email
    from {{ source('shopify', 'customer') }}
    group by 1
),

line_parts as (
    select
        raw_table,
        owner_id,
        '[' || {{ join_texts('part', ',', 'part_number') }} || ']' as items
    from parts
    where raw_table in ('tax_line', 'discount_allocation')
    group by raw_table, owner_id
),

-- Tips are lines without a product; what marks them in the API is not landed, so their name on an order with a tip must
-- do.
lines as (
    select
        parts.owner_id,
        parts.part_number,
        substr(parts.part, 1, length(parts.part) - 1)
        || ',"discount_allocations":' || coalesce(allocations.items, '[]')
        || ',"tax_lines":' || coalesce(taxes.items, '[]')
        || ',"properties":'
        || case when {{ is_json('parts.inner_list') }} then coalesce(parts.inner_list, '[]') else '[]' end
        || case
            when
                orders.total_tip_received > 0
                and lower({{ parse_json('parts.part', {'title': 'string'}) }}.title) = 'tip'
                and {{ parse_json('parts.part', {'product_id': 'bigint'}) }}.product_id is null
                then ',"tip":"1"}'
            else '}'
        end as part
    from parts
    left join orders on parts.owner_id = orders.order_id
    left join line_parts as allocations
        on
            allocations.raw_table = 'discount_allocation'
            and cast(parts.part_number as string) = allocations.owner_id
    left join line_parts as taxes
        on taxes.raw_table = 'tax_line' and cast(parts.part_number as string) = taxes.owner_id
    where parts.raw_table = 'order_line'
),

steps as (
    select distinct
        cast({{ whole_number('refund_id') }} as string) as refund_id,
        {{ whole_number('id') }} as id,
        kind,
        status,
        amount
    from {{ source('shopify', 'transaction') }}
    where refund_id is not null and {{ loaded_in_time('_fivetran_synced') }}
),

pieces as (
    select
        'order' as owner_table,
        owner_id,
        'line_items' as name,
        '[' || {{ join_texts('part', ',', 'part_number') }} || ']' as text
    from lines
    group by owner_id
    union all
    select
        'order' as owner_table,
        owner_id,
        'discount_codes' as name,
        '[' || {{ join_texts('part', ',', 'part_number') }} || ']' as text
    from parts
    where raw_table = 'order_discount_code'
    group by owner_id
    union all
    select
        'order' as owner_table,
        owner_id,
        'total_shipping_price_set' as name,
        '{"shop_money":{"amount":"'
        || cast(sum(try_cast({{ parse_json('part', {'price': 'string'}) }}.price as decimal(18, 4))) as string)
        || '"}}' as text
    from parts
    where raw_table = 'order_shipping_line'
    group by owner_id
    union all
    select
        'order' as owner_table,
        orders.order_id as owner_id,
        'customer' as name,
        {{ row_to_json('customers') }} as text
    from orders
    inner join customers on orders.customer_id = customers.id
    union all
    select
        case raw_table when 'order_tag' then 'order' else 'customer' end as owner_table,
        owner_id,
        'tags' as name,
        {{ join_texts(parse_json('part', {'value': 'string'}) ~ '.value', ', ', 'part_number') }} as text
    from parts
    where raw_table in ('order_tag', 'customer_tag')
    group by raw_table, owner_id
    union all
    select
        'refund' as owner_table,
        owner_id,
        case raw_table when 'order_adjustment' then 'order_adjustments' else 'refund_line_items' end as name,
        '[' || {{ join_texts('part', ',', 'part_number') }} || ']' as text
    from parts
    where raw_table in ('order_line_refund', 'order_adjustment')
    group by raw_table, owner_id
    union all
    select
        'refund' as owner_table,
        refund_id as owner_id,
        'transactions' as name,
        '[' || {{ join_texts(row_to_json('steps'), ',', 'id') }} || ']' as text
    from steps
    group by refund_id
)

select
    owner_table,
    owner_id,
    max(text) filter (where name = 'line_items') as line_items,
    max(text) filter (where name = 'discount_codes') as discount_codes,
    max(text) filter (where name = 'tags') as tags,
    max(text) filter (where name = 'customer') as customer,
    max(text) filter (where name = 'total_shipping_price_set') as total_shipping_price_set,
    max(text) filter (where name = 'refund_line_items') as refund_line_items,
    max(text) filter (where name = 'order_adjustments') as order_adjustments,
    max(text) filter (where name = 'transactions') as transactions
from pieces
group by owner_table, owner_id
