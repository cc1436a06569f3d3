-- Grain: one thing that happened to a subscription. Trap: a charge is no revenue; order_id says which order is.
with

events as (
    select * from {{ ref('int_subscription_events__unioned') }}
),

subscriptions as (
    select * from {{ ref('subscriptions') }}
),

order_names as (
    select * from {{ ref('int_orders__references') }}
)

select
    events.event_id,
    events.subscription_id,
    subscriptions.customer_id,
    events.event_type,
    events.occurred_at,
    events.occurred_on,
    events.charge_id,
    events.scheduled_on,
    order_names.order_id
from events
inner join subscriptions on events.subscription_id = subscriptions.subscription_id
left join order_names on lower(events.order_reference) = order_names.reference
