-- One row per raw row of gorgias.satisfaction_surveys. An answer given after the cut is not known: the survey is then
-- unanswered.
with

raw_surveys as (
    select * from {{ source('gorgias', 'satisfaction_surveys') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        cast({{ whole_number('raw_surveys.id') }} as string) as survey_id,
        cast({{ whole_number('raw_surveys.ticket_id') }} as string) as ticket_id,
        {{ whole_number('raw_surveys.score') }} as score,
        {{ to_utc('raw_surveys.created_datetime') }} as created_at,
        {{ to_utc('raw_surveys.sent_datetime') }} as sent_at,
        {{ to_utc('raw_surveys.scored_datetime') }} as scored_at,
        {{ clean_text('raw_surveys.body_text') }} as comment,
        {{ to_utc('raw_surveys._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('raw_surveys', {
            'id is missing or not a number': whole_number('raw_surveys.id') ~ ' is null',
            'ticket_id is missing or not a number': whole_number('raw_surveys.ticket_id') ~ ' is null',
            'score is not a number from 1 to 5':
                clean_text('raw_surveys.score') ~ ' is not null and coalesce('
                ~ whole_number('raw_surveys.score') ~ ' not between 1 and 5, true)',
        }) }}
    from raw_surveys
    cross join point_in_time
)

select
    survey_id,
    ticket_id,
    case when coalesce(scored_at, sent_at, created_at, loaded_at) < cut_at then score end as score,
    created_at,
    case when sent_at < cut_at then sent_at end as sent_at,
    case when scored_at < cut_at then scored_at end as scored_at,
    case when coalesce(scored_at, sent_at, created_at, loaded_at) < cut_at then comment end as comment,
    loaded_at,
    quarantine_reason,
    raw_row,
    -- Of the versions, the one that carries an answer is the newer one.
    {{ row_status(
        key=['survey_id'],
        changed_at='coalesce(scored_at, sent_at, created_at)',
        content=['score', 'comment', 'ticket_id', 'created_at', 'sent_at', 'scored_at']
    ) }}
from typed
