-- One row per raw row of gorgias.messages, without its text.
with

raw_messages as (
    select * from {{ source('gorgias', 'messages') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

typed as (
    select
        cast({{ whole_number('raw_messages.id') }} as string) as message_id,
        cast({{ whole_number('raw_messages.ticket_id') }} as string) as ticket_id,
        coalesce({{ to_utc('raw_messages.sent_datetime') }}, {{ to_utc('raw_messages.created_datetime') }}) as sent_at,
        {{ to_utc('raw_messages.failed_datetime') }} as failed_at,
        {{ to_flag('raw_messages.from_agent') }} as is_from_agent,
        coalesce(try_cast(raw_messages.public as boolean), true)
        and coalesce(lower({{ clean_text('raw_messages.channel') }}), '') <> 'internal-note' as is_public,
        {{ whole_number('raw_messages.rule_id') }} is not null as is_automatic,
        {{ to_utc('raw_messages._airbyte_extracted_at') }} as loaded_at,
        {{ refuse('raw_messages', {
            'id is missing or not a number': whole_number('raw_messages.id') ~ ' is null',
            'ticket_id is missing or not a number': whole_number('raw_messages.ticket_id') ~ ' is null',
            'created_datetime is not a time': to_utc('raw_messages.created_datetime') ~ ' is null',
            'from_agent is missing': 'try_cast(raw_messages.from_agent as boolean) is null',
        }) }}
    from raw_messages
)

select
    message_id,
    ticket_id,
    sent_at,
    failed_at,
    is_from_agent,
    is_public,
    is_automatic,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['message_id'],
        content=['sent_at', 'ticket_id', 'is_from_agent', 'is_public', 'is_automatic', 'failed_at']
    ) }}
from typed
