-- One row per raw row of pos.sale_lines. A line needs its sale, and may be negative only on a return or an exchange.
-- Without line numbers a line is known by its content.
{%- set number_or_content %}
    coalesce(
        line_no,
        concat_ws('|', coalesce(sku, ''), coalesce(description, ''), quantity, unit_price, discount_amount)
    )
{%- endset %}
with

raw_lines as (
    select * from {{ source('pos', 'sale_lines') }}
    where {{ loaded_in_time('_loaded_at') }}
),

sales as (
    select * from {{ ref('base_pos__sales') }}
    where row_status = 'staged'
),

limits as (
    select {{ threshold('max_line_amount') }} as max_line_amount
),

-- Whether a sale takes anything at all: one that does not is a return.
sale_kinds as (
    select
        {{ clean_text('sale_id') }} as sale_id,
        coalesce({{ clean_text('store_id') }}, '-') as store_id,
        max(try_cast(quantity as decimal(18, 4))) > 0 as has_goods_sold
    from raw_lines
    group by 1, 2
),

typed as (
    select
        {{ clean_text('raw_lines.sale_id') }} as sale_id,
        coalesce({{ clean_text('raw_lines.store_id') }}, '-') as store_id,
        {{ clean_text('raw_lines.line_no') }} as line_no,
        {{ clean_text('raw_lines.sku') }} as sku,
        {{ clean_text('raw_lines.description') }} as description,
        try_cast(raw_lines.quantity as decimal(18, 4)) as quantity,
        try_cast(raw_lines.unit_price as decimal(18, 4)) as unit_price,
        coalesce(try_cast(raw_lines.discount as decimal(18, 4)), 0) as discount_amount,
        {{ to_utc('raw_lines._loaded_at') }} as loaded_at,
        {{ refuse('raw_lines', {
            'sale_id is missing': clean_text('raw_lines.sale_id') ~ ' is null',
            'quantity is not a number': 'try_cast(raw_lines.quantity as decimal(18, 4)) is null',
            'unit_price is not a number': 'try_cast(raw_lines.unit_price as decimal(18, 4)) is null',
            'unit_price is negative': 'try_cast(raw_lines.unit_price as decimal(18, 4)) < 0',
            'discount is not a number': unreadable('raw_lines.discount', 'decimal(18, 4)'),
            'discount is negative on a sale':
                'try_cast(raw_lines.discount as decimal(18, 4)) < 0'
                ~ ' and try_cast(raw_lines.quantity as decimal(18, 4)) >= 0',
            'a line is worth more than anything':
                'abs(cast(try_cast(raw_lines.quantity as decimal(18, 4)) as decimal(19, 4))'
                ~ ' * try_cast(raw_lines.unit_price as decimal(18, 4))) > limits.max_line_amount'
                ~ ' or abs(try_cast(raw_lines.discount as decimal(18, 4))) > limits.max_line_amount',
            'its sale is missing or refused': 'sales.sale_id is null',
            'negative quantity on a sale':
                'try_cast(raw_lines.quantity as decimal(18, 4)) < 0 and sale_kinds.has_goods_sold'
                ~ ' and sales.original_sale_id is null',
        }) }}
    from raw_lines
    cross join limits
    left join sales
        on
            {{ clean_text('raw_lines.sale_id') }} = sales.sale_id
            and coalesce({{ clean_text('raw_lines.store_id') }}, '-') = sales.store_id
    left join sale_kinds
        on sales.sale_id = sale_kinds.sale_id and sales.store_id = sale_kinds.store_id
)

select
    sale_id,
    store_id,
    {{ number_or_content }} as line_no,
    sku,
    description,
    quantity,
    unit_price,
    discount_amount,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['store_id', 'sale_id', number_or_content],
        content=['quantity', 'unit_price', 'discount_amount', 'sku', 'description']
    ) }}
from typed
