-- One row per raw row of talon_one.loyalty_transactions. Rows of sandbox programmes are no points of anybody:
-- tombstones.
with

raw_transactions as (
    select * from {{ source('talon_one', 'loyalty_transactions') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

sandboxes as (
    select programme_id
    from {{ ref('base_talon_one__loyalty_programs') }}
    where is_sandbox and row_status = 'staged'
),

typed as (
    select
        lower({{ clean_text('raw_transactions.transaction_uuid') }}) as transaction_uuid,
        cast({{ whole_number('raw_transactions.id') }} as string) as transaction_id,
        cast({{ whole_number('raw_transactions.program_id') }} as string) as programme_id,
        coalesce({{ clean_text('raw_transactions.subledger_id') }}, 'main') as subledger,
        {{ clean_text('raw_transactions.customer_profile_id') }} as profile_id,
        {{ clean_text('raw_transactions.card_identifier') }} as card_id,
        {{ to_utc('raw_transactions.created') }} as booked_at,
        lower({{ clean_text('raw_transactions.type') }}) as entry_type,
        try_cast(raw_transactions.amount as decimal(18, 2)) as amount,
        {{ clean_text('raw_transactions.name') }} as reason,
        coalesce(lower({{ clean_text('raw_transactions.start_date') }}), 'immediate') as start_text,
        {{ to_utc('raw_transactions.start_date') }} as starts_at,
        coalesce(lower({{ clean_text('raw_transactions.expiry_date') }}), 'unlimited') as expiry_text,
        {{ to_utc('raw_transactions.expiry_date') }} as expires_at,
        {{ clean_text('raw_transactions.validity_duration') }} as validity,
        {{ clean_text('raw_transactions.customer_session_id') }} as session_id,
        cast(nullif({{ whole_number('raw_transactions.campaign_id') }}, 0) as string) as campaign_id,
        {{ clean_text('raw_transactions.rule_name') }} as rule_name,
        coalesce({{ whole_number('raw_transactions.import_id') }}, 0) <> 0 as is_imported,
        coalesce({{ whole_number('raw_transactions.user_id') }}, 0) <> 0 as is_manual,
        coalesce({{ clean_text('raw_transactions.flags') }} like '%createsNegativeBalance%', false)
            as is_beyond_balance,
        sandboxes.programme_id is not null as is_sandbox,
        {{ to_utc('raw_transactions._airbyte_extracted_at') }} as loaded_at,
        {{ refuse('raw_transactions', {
            'transaction_uuid is missing': clean_text('raw_transactions.transaction_uuid') ~ ' is null',
            'program_id is missing or not a number': whole_number('raw_transactions.program_id') ~ ' is null',
            'created is not a time': to_utc('raw_transactions.created') ~ ' is null',
            'created lies in the future': in_the_future(
                to_utc('raw_transactions.created'), to_utc('raw_transactions._airbyte_extracted_at')
            ),
            'type is neither addition nor subtraction':
                'coalesce(lower(' ~ clean_text('raw_transactions.type') ~ "), '-') not in ('addition', 'subtraction')",
            'amount is not a number': 'try_cast(raw_transactions.amount as decimal(18, 2)) is null',
            'amount is negative': 'try_cast(raw_transactions.amount as decimal(18, 2)) < 0',
            'neither customer_profile_id nor card_identifier is given':
                'coalesce(' ~ clean_text('raw_transactions.customer_profile_id') ~ ', '
                ~ clean_text('raw_transactions.card_identifier') ~ ') is null',
            'start_date is neither immediate nor on_action nor a time':
                'coalesce(lower(' ~ clean_text('raw_transactions.start_date')
                ~ "), '-') not in ('immediate', 'on_action', '-') and "
                ~ to_utc('raw_transactions.start_date') ~ ' is null',
            'expiry_date is neither unlimited nor a time':
                'coalesce(lower(' ~ clean_text('raw_transactions.expiry_date') ~ "), 'unlimited') <> 'unlimited'"
                ~ ' and ' ~ to_utc('raw_transactions.expiry_date') ~ ' is null',
            'validity_duration is not a duration':
                clean_text('raw_transactions.validity_duration') ~ ' is not null and '
                ~ duration_count(clean_text('raw_transactions.validity_duration')) ~ ' is null',
        }) }}
    from raw_transactions
    cross join point_in_time
    left join sandboxes on cast({{ whole_number('raw_transactions.program_id') }} as string) = sandboxes.programme_id
)

select
    transaction_uuid,
    transaction_id,
    programme_id,
    subledger,
    profile_id,
    card_id,
    booked_at,
    entry_type,
    case when entry_type = 'subtraction' then -amount else amount end as points,
    reason,
    case when start_text in ('immediate', 'on_action') then start_text else 'at' end as activation,
    case when start_text = 'immediate' then booked_at else starts_at end as active_at,
    expires_at,
    {{ duration_count('validity') }} as validity_count,
    {{ duration_unit('validity') }} as validity_unit,
    {{ duration_rounding('validity') }} as validity_rounding,
    session_id,
    campaign_id,
    rule_name,
    is_imported,
    is_manual,
    is_beyond_balance,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['transaction_uuid'],
        content=['booked_at', 'programme_id', 'subledger', 'profile_id', 'card_id', 'entry_type', 'amount',
            'start_text', 'expiry_text', 'session_id', 'reason'],
        is_removed='is_sandbox'
    ) }}
from typed
