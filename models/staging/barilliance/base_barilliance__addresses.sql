-- One row per raw row of barilliance.collected_emails and optout_emails, which have one shape. The windows of exports
-- overlap: an address counts once per table, in its last window, and knows the first one that named it.
{%- set tables = ['collected_emails', 'optout_emails'] %}
with

raw_addresses as (
    {%- for table in tables %}
    {{ 'union all' if not loop.first }}
    select
        '{{ table }}' as raw_table,
        {{ clean_text('email') }} as email,
        {{ clean_text('from_date') }} as from_date,
        {{ clean_text('to_date') }} as to_date,
        {{ to_utc('_airbyte_extracted_at') }} as loaded_at
    from {{ source('barilliance', table) }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
    {%- endfor %}
),

typed as (
    select
        raw_addresses.raw_table,
        lower(raw_addresses.email) as email,
        try_cast(raw_addresses.to_date as date) as last_day,
        raw_addresses.loaded_at,
        {{ refuse('raw_addresses', {
            'email is missing': 'raw_addresses.email is null',
            'to_date is not a day': unreadable('raw_addresses.to_date', 'date'),
        }) }}
    from raw_addresses
)

select
    raw_table,
    email,
    min(last_day) over (partition by raw_table, email) as first_window_ends_on,
    min(loaded_at) over (partition by raw_table, email) as first_loaded_at,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(key=['raw_table', 'email'], content=['last_day']) }}
from typed
