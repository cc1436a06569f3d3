-- One row per raw row of recharge.charges, JSON parsed once. Money is typed for checks only: orders are the revenue.
with

raw_charges as (
    select * from {{ source('recharge', 'charges') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

parsed as (
    select
        raw_charges.*,
        {{ parse_json('raw_charges.line_items', [{
            'purchase_item_id': 'string', 'purchase_item_type': 'string', 'subscription_id': 'string',
        }]) }} as lines
    from raw_charges
),

typed as (
    select
        cast({{ whole_number('parsed.id') }} as string) as charge_id,
        cast({{ whole_number('parsed.customer_id') }} as string) as recharge_customer_id,
        lower({{ clean_text('parsed.status') }}) as charge_status,
        lower({{ clean_text('parsed.type') }}) as charge_type,
        {{ to_local_date('parsed.scheduled_at') }} as scheduled_on,
        {{ to_utc_in('parsed.processed_at', 'point_in_time.reporting_timezone') }} as processed_at,
        {{ to_utc_in('parsed.created_at', 'point_in_time.reporting_timezone') }} as created_at,
        {{ to_utc_in('parsed.updated_at', 'point_in_time.reporting_timezone') }} as updated_at,
        try_cast(parsed.total_price as decimal(18, 4)) as total_price,
        upper({{ clean_text('parsed.currency') }}) as currency_code,
        {{ shop_reference('parsed.external_order_id', 'parsed.shopify_order_id') }} as order_reference,
        parsed.lines,
        parsed.line_items as lines_text,
        {{ clean_text('parsed.error_type') }} as error_type,
        {{ whole_number('parsed.charge_attempts') }} as attempt_count,
        {{ to_utc('parsed._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('parsed', {
            'id is missing or not a number': whole_number('parsed.id') ~ ' is null',
            'status is missing': clean_text('parsed.status') ~ ' is null',
            'processed_at is not a time': unreadable('parsed.processed_at', 'timestamp'),
            'updated_at is not a time': unreadable('parsed.updated_at', 'timestamp'),
            'it has neither a processed, an updated nor a created time':
                to_utc('coalesce(parsed.processed_at, parsed.updated_at, parsed.created_at)') ~ ' is null',
            'total_price is not a number': unreadable('parsed.total_price', 'decimal(18, 4)'),
            'line_items is not a list of objects': unreadable_json('parsed.line_items', 'parsed.lines'),
        }) }}
    from parsed
    cross join point_in_time
)

select
    charge_id,
    recharge_customer_id,
    charge_status,
    charge_type,
    scheduled_on,
    processed_at,
    coalesce(updated_at, processed_at, created_at) as updated_at,
    total_price,
    currency_code,
    order_reference,
    lines,
    error_type,
    attempt_count,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['charge_id'],
        changed_at='coalesce(updated_at, processed_at, created_at)',
        content=['charge_status', 'processed_at', 'scheduled_on', 'order_reference', 'lines_text', 'charge_type',
            'total_price', 'currency_code', 'error_type', 'attempt_count', 'recharge_customer_id', 'created_at']
    ) }}
from typed
