-- Grain: one task for our own people: a member of an audience whose channel is the helpdesk. task_id is the id to give
-- the ticket, so that it is opened once: of what happened, which is one person's whatever that person's id is.
with

parsed as (
    select
        *,
        {{ parse_json('reason_detail', {'order_id': 'string'}) }} as details
    from {{ ref('audience_members') }}
    where channel = 'helpdesk'
),

members as (
    select
        *,
        details.order_id
    from parsed
),

settings as (
    select * from {{ ref('audience_settings') }}
),

subjects as (
    select
        audience,
        customer_id,
        subject
    from {{ ref('audience_log') }}
    qualify row_number() over (partition by audience, customer_id order by change_number desc) = 1
),

contacts as (
    select * from {{ ref('customer_contacts') }}
)

select
    {{ hash_text("members.audience || '|' || subjects.subject") }} as task_id,
    members.audience,
    members.customer_id,
    contacts.email,
    contacts.first_name,
    members.reason || coalesce(' (order ' || {{ last_part('members.order_id') }} || ')', '') as subject_line,
    members.reason,
    members.reason_detail,
    members.order_id,
    settings.class_rank as priority,
    members.send_not_before as opens_at,
    members.expires_at as due_at
from members
inner join settings on members.audience = settings.audience
inner join subjects on members.audience = subjects.audience and members.customer_id = subjects.customer_id
left join contacts on members.customer_id = contacts.customer_id
