-- One label of those tickets with the topic that seeds/ticket_topics.csv gives it: the row of lowest priority whose
-- pattern occurs in it as whole words. topic is null where none does. A label that is an order's name, and not just a
-- number, says which order.
with

labels as (
    {{ union_subject('ticket_labels', ['gorgias']) | indent(4) }}
),

tickets as (
    select * from {{ ref('int_tickets__unioned') }}
),

spellings as (
    select
        label,
        {{ plain_words('label') }} as words
    from labels
    group by label
),

rules as (
    select * from {{ ref('ticket_topics') }}
),

topics as (
    select
        spellings.label,
        min_by(rules.topic, rules.priority) as topic,
        min(rules.priority) as priority,
        min_by(rules.is_order_status, rules.priority) as is_order_status
    from spellings
    inner join rules on spellings.words like '% ' || rules.pattern || ' %'
    group by spellings.label
),

order_names as (
    select * from {{ ref('int_orders__references') }}
)

select
    labels.ticket_id,
    labels.source_name,
    labels.label_source,
    labels.label,
    topics.topic,
    topics.priority,
    topics.is_order_status,
    order_names.order_id
from labels
semi join tickets on labels.ticket_id = tickets.ticket_id
left join topics on labels.label = topics.label
left join order_names on lower(labels.label) = order_names.reference and not {{ matches('labels.label', '^[0-9]+$') }}
