-- One value of subscriptions, parcels or tickets that no map of seeds/ knows.
select
    subscriptions.source_name as system,
    'cancellation_reason' as field,
    reasons.cancellation_reason as value,
    'cancellation_reasons' as seed_name,
    count(*) as row_count
from {{ ref('int_subscriptions__cancellation_reasons') }} as reasons
inner join {{ ref('int_subscriptions__unioned') }} as subscriptions
    on reasons.cancellation_reason = subscriptions.cancellation_reason
where reasons.reason_group is null and not {{ matches('reasons.cancellation_reason', '@') }}
group by subscriptions.source_name, reasons.cancellation_reason
union all
select
    'recharge' as system,
    'event verb' as field,
    events.object_type || ' ' || events.verb as value,
    'subscription_verbs' as seed_name,
    count(*) as row_count
from {{ ref('stg_recharge__events') }} as events
left join {{ ref('subscription_verbs') }} as verbs
    on events.object_type = verbs.object_type and events.verb = verbs.verb
where verbs.verb is null and events.object_type in ('subscription', 'charge')
group by events.object_type, events.verb
union all
select
    'aftership' as system,
    'tag' as field,
    coalesce(tag || ' ' || subtag, tag) as value,
    'carrier_states' as seed_name,
    count(*) as row_count
from {{ ref('int_shipment_checkpoints__aftership') }}
where shipment_state is null and tag is not null
group by tag, subtag
union all
select
    labels.source_name as system,
    labels.label_source as field,
    labels.label as value,
    'ticket_topics' as seed_name,
    count(*) as row_count
from {{ ref('int_tickets__labels') }} as labels
inner join {{ ref('int_tickets__topics') }} as topics on labels.ticket_id = topics.ticket_id
-- A label need not be a topic: numbers and switches are none, and a word is missed only where no other label is one.
where
    topics.topic is null
    and labels.order_id is null
    and not {{ matches('lower(labels.label)', '^([0-9 .,-]+|true|false)$|@') }}
group by labels.source_name, labels.label_source, labels.label
