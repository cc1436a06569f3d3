-- Grain: one contact by a customer; spam, deleted tickets and those that the shop opened itself are not here. topic and
-- is_order_status are null where no label says what the ticket is about: count those apart. response_state says why
-- there is no first answer; sla_breached is null while the time is not up, where no level is promised, and where nobody
-- knows.
with

tickets as (
    select * from {{ ref('int_tickets__unioned') }}
),

topics as (
    select * from {{ ref('int_tickets__topics') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
    where source_record_type = 'ticket'
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

levels as (
    select
        channel,
        valid_from,
        lead(valid_from) over (partition by channel order by valid_from) as valid_to,
        first_response_minutes
    from {{ ref('service_levels') }}
),

dated as (
    select
        tickets.*,
        records.customer_id,
        coalesce(records.is_erased, false) as is_erased,
        cast({{ utc_to_local('tickets.opened_at', 'point_in_time.reporting_timezone') }} as date) as opened_on,
        coalesce(tickets.first_contacted_at, tickets.opened_at) as waiting_since,
        point_in_time.cut_at,
        case
            when not tickets.has_message_stream then 'no_source'
            when tickets.first_contacted_at is null then 'no_customer_message'
            when tickets.first_responded_at is not null then 'answered'
            when tickets.closed_at is not null then 'closed_unanswered'
            else 'waiting'
        end as response_state
    from tickets
    cross join point_in_time
    left join records
        on tickets.source_name = records.source_name and tickets.source_record_id = records.source_record_id
),

promised as (
    select
        dated.*,
        dated.waiting_since
        + coalesce(own_level.first_response_minutes, any_level.first_response_minutes) * interval '1' minute
            as sla_due_at
    from dated
    left join levels as own_level
        on
            dated.channel = own_level.channel
            and dated.opened_on >= own_level.valid_from
            and dated.opened_on < coalesce(own_level.valid_to, date '9999-12-31')
    left join levels as any_level
        on
            any_level.channel = '*'
            and dated.opened_on >= any_level.valid_from
            and dated.opened_on < coalesce(any_level.valid_to, date '9999-12-31')
)

select
    promised.ticket_id,
    promised.source_name,
    promised.customer_id,
    topics.order_id,
    promised.channel,
    promised.priority,
    topics.topic,
    topics.is_order_status,
    promised.opened_at,
    promised.opened_on,
    promised.closed_at,
    promised.response_state,
    promised.first_responded_at,
    promised.sla_due_at,
    case
        when promised.response_state = 'answered' then promised.first_responded_at > promised.sla_due_at
        when promised.response_state = 'closed_unanswered' and promised.closed_at <= promised.sla_due_at then null
        when promised.response_state in ('waiting', 'closed_unanswered') and promised.sla_due_at < promised.cut_at
            then true
    end as sla_breached,
    promised.csat_score,
    promised.csat_sent_at,
    promised.csat_scored_at,
    case when not promised.is_erased then promised.csat_comment end as csat_text,
    case when not promised.is_erased then promised.subject end as subject,
    case when not promised.is_erased then promised.excerpt end as excerpt_text
from promised
left join topics on promised.ticket_id = topics.ticket_id
