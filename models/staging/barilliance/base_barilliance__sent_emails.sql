-- One row per raw row of barilliance.sent_emails. Rows have no id: the same time, address and type is the same
-- e-mail.
with

raw_emails as (
    select * from {{ source('barilliance', 'sent_emails') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        {{ to_utc_in('raw_emails.time', "'America/New_York'") }} as sent_at,
        lower({{ clean_text('raw_emails.email') }}) as email,
        {{ whole_number('raw_emails.email_type') }} as email_type,
        {{ to_utc('raw_emails._airbyte_extracted_at') }} as loaded_at,
        {{ refuse('raw_emails', {
            'email is missing': clean_text('raw_emails.email') ~ ' is null',
            'time is not a time': to_local_time('raw_emails.time') ~ ' is null',
            'time lies in the future': in_the_future(
                to_local_time('raw_emails.time'), to_utc('raw_emails._airbyte_extracted_at')
            ),
            'email_type is not a number': unreadable('raw_emails.email_type', 'bigint'),
        }) }}
    from raw_emails
    cross join point_in_time
)

select
    sent_at,
    email,
    email_type,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(key=['sent_at', 'email', 'email_type'], content=['email']) }}
from typed
