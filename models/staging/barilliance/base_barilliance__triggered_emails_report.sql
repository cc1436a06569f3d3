-- One row per raw row of barilliance.triggered_emails_report; a day's totals are exported again until it is over.
with

raw_totals as (
    select * from {{ source('barilliance', 'triggered_emails_report') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

typed as (
    select
        try_cast({{ clean_text('raw_totals.sent_date') }} as date) as sent_on,
        coalesce({{ clean_text('raw_totals.site_id') }}, '-') as site_id,
        coalesce({{ clean_text('raw_totals.rule_number') }}, '-') as rule_number,
        coalesce({{ whole_number('raw_totals.email_type') }}, -1) as email_type,
        {%- for count in ['sent', 'opened', 'clicked', 'converted'] %}
        {{ whole_number('raw_totals.' ~ count) }} as {{ count }}_count,
        {%- endfor %}
        {{ to_utc('raw_totals._airbyte_extracted_at') }} as loaded_at,
        {{ refuse('raw_totals', {
            'sent_date is not a day': 'try_cast(' ~ clean_text('raw_totals.sent_date') ~ ' as date) is null',
            'a count is not a number':
                unreadable('raw_totals.sent', 'bigint') ~ ' or ' ~ unreadable('raw_totals.opened', 'bigint')
                ~ ' or ' ~ unreadable('raw_totals.clicked', 'bigint') ~ ' or ' ~ unreadable('raw_totals.converted', 'bigint'),
        }) }}
    from raw_totals
)

select
    sent_on,
    site_id,
    rule_number,
    email_type,
    sent_count,
    opened_count,
    clicked_count,
    converted_count,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['sent_on', 'site_id', 'rule_number', 'email_type'],
        content=['sent_count', 'opened_count', 'clicked_count', 'converted_count']
    ) }}
from typed
