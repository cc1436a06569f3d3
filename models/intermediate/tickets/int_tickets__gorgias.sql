{{ config(materialized='view') }}
-- One contact by a customer: no spam, nothing from the trash, nothing that the shop opened itself. The first answer is
-- the first message that a person of the shop sent after the customer's first; notes, automatic replies and failed
-- messages are none. Without the stream of messages nobody knows.
with

tickets as (
    select * from {{ ref('stg_gorgias__tickets') }}
    where exclusion_reason is null
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

messages as (
    select messages.*
    from {{ ref('stg_gorgias__messages') }} as messages
    cross join point_in_time
    where messages.is_public and messages.failed_at is null and messages.sent_at < point_in_time.cut_at
),

coverage as (
    select count(*) > 0 as has_message_stream
    from {{ ref('stg_gorgias__messages') }}
),

contacts as (
    select
        ticket_id,
        min(sent_at) as first_contacted_at
    from messages
    where not is_from_agent
    group by ticket_id
),

answers as (
    select
        messages.ticket_id,
        min(messages.sent_at) as first_responded_at
    from messages
    inner join contacts on messages.ticket_id = contacts.ticket_id
    where messages.is_from_agent and not messages.is_automatic and messages.sent_at >= contacts.first_contacted_at
    group by messages.ticket_id
),

surveys as (
    select
        *,
        row_number() over (
            partition by ticket_id
            order by
                case when score is null then 1 else 0 end asc, scored_at desc nulls last, created_at desc nulls last,
                survey_id asc
        ) as position
    from {{ ref('stg_gorgias__satisfaction_surveys') }}
)

select
    'gorgias:' || tickets.ticket_id as ticket_id,
    'gorgias' as source_name,
    'ticket' as source_record_type,
    tickets.ticket_id as source_record_id,
    tickets.channel,
    tickets.priority,
    tickets.opened_at,
    tickets.closed_at,
    tickets.subject,
    tickets.excerpt,
    coverage.has_message_stream,
    contacts.first_contacted_at,
    answers.first_responded_at,
    surveys.score as csat_score,
    surveys.sent_at as csat_sent_at,
    surveys.scored_at as csat_scored_at,
    surveys.comment as csat_comment
from tickets
cross join coverage
left join contacts on tickets.ticket_id = contacts.ticket_id
left join answers on tickets.ticket_id = answers.ticket_id
left join surveys on tickets.ticket_id = surveys.ticket_id and surveys.position = 1
