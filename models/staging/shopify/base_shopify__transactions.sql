-- One row per raw row of shopify.transactions.
with

raw_transactions as (
    select * from {{ shopify_rows('transactions') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

typed as (
    select
        cast({{ whole_number('raw_transactions.id') }} as string) as transaction_id,
        coalesce({{ clean_text('raw_transactions.shop_url') }}, '-') as shop_url,
        cast({{ whole_number('raw_transactions.order_id') }} as string) as shopify_order_id,
        lower({{ clean_text('raw_transactions.kind') }}) as kind,
        lower({{ clean_text('raw_transactions.status') }}) as transaction_status,
        try_cast(raw_transactions.amount as decimal(18, 4)) as amount,
        upper({{ clean_text('raw_transactions.currency') }}) as currency_code,
        lower({{ clean_text('raw_transactions.gateway') }}) as gateway,
        coalesce(try_cast(raw_transactions.test as boolean), false) as is_test,
        {{ to_utc('raw_transactions.created_at') }} as created_at,
        {{ to_utc('raw_transactions._airbyte_extracted_at') }} as loaded_at,
        {{ refuse('raw_transactions', {
            'id is missing or not a number': whole_number('raw_transactions.id') ~ ' is null',
            'order_id is missing or not a number': whole_number('raw_transactions.order_id') ~ ' is null',
            'created_at is not a time': to_utc('raw_transactions.created_at') ~ ' is null',
            'amount is not a number': unreadable('raw_transactions.amount', 'decimal(18, 4)'),
        }) }}
    from raw_transactions
)

select
    transaction_id,
    shop_url,
    shopify_order_id,
    kind,
    transaction_status,
    amount,
    currency_code,
    gateway,
    is_test,
    created_at,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['shop_url', 'transaction_id'],
        content=['created_at', 'shopify_order_id', 'kind', 'transaction_status', 'amount', 'gateway', 'currency_code',
            'is_test']
    ) }}
from typed
