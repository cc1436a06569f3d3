-- One row per raw row of yotpo.unsubscribers, with the time of the first load that shows it.
with

raw_unsubscribers as (
    select * from {{ source('yotpo', 'unsubscribers') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

typed as (
    select
        cast({{ whole_number('raw_unsubscribers.id') }} as string) as unsubscriber_id,
        lower({{ clean_text('raw_unsubscribers.user_email') }}) as email,
        cast({{ whole_number('raw_unsubscribers.email_type_id') }} as string) as email_type_id,
        {{ to_utc('raw_unsubscribers._airbyte_extracted_at') }} as loaded_at,
        {{ refuse('raw_unsubscribers', {
            'id is missing or not a number': whole_number('raw_unsubscribers.id') ~ ' is null',
            'user_email is missing': clean_text('raw_unsubscribers.user_email') ~ ' is null',
        }) }}
    from raw_unsubscribers
)

select
    unsubscriber_id,
    email,
    email_type_id,
    loaded_at,
    min(loaded_at) over (partition by unsubscriber_id, email) as first_loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(key=['unsubscriber_id', 'email'], content=['email_type_id']) }}
from typed
