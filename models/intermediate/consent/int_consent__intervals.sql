{{ config(materialized='view') }}
-- One interval of one state. Per address the latest decision holds, a refusal beats a consent of the same instant, and
-- what is no decision (unknown) counts only before the first. Of a person with several addresses the strictest holds: a
-- refusal under one of them is the person's.
with

events as (
    select
        *,
        case when state = 'unknown' then 0 else 1 end as is_decision,
        case state when 'unsubscribed' then 0 when 'subscribed' then 1 else 2 end as leniency
    from {{ ref('int_consent__person_events') }}
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id, channel, purpose, address, occurred_at
            order by leniency asc, source_name asc, method asc nulls last, evidence asc nulls last
        ) as event_position
    from events
),

weighed as (
    select
        *,
        max(is_decision) over (
            partition by customer_id, channel, purpose, address
            order by occurred_at rows between unbounded preceding and current row
        ) as is_decided
    from ranked
    where event_position = 1
),

told as (
    select
        *,
        lag(state) over (partition by customer_id, channel, purpose, address order by occurred_at) as previous_state
    from weighed
    where is_decision = is_decided
),

changes as (
    select
        *,
        case when state = 'unsubscribed' then 1 else 0 end
        - case when previous_state = 'unsubscribed' then 1 else 0 end as refusals,
        case when state = 'subscribed' then 1 else 0 end
        - case when previous_state = 'subscribed' then 1 else 0 end as consents
    from told
    where previous_state is null or state <> previous_state
),

-- The change of an instant that decides: the strictest state then told.
instants as (
    select
        *,
        sum(refusals) over (partition by customer_id, channel, purpose order by occurred_at) as refusing_addresses,
        sum(consents) over (partition by customer_id, channel, purpose order by occurred_at) as consenting_addresses
    from changes
),

stated as (
    select
        *,
        case
            when refusing_addresses > 0 then 'unsubscribed'
            when consenting_addresses > 0 then 'subscribed'
            else 'unknown'
        end as person_state
    from instants
),

chosen as (
    select
        *,
        row_number() over (
            partition by customer_id, channel, purpose, occurred_at
            order by
                case when state = person_state then 0 else 1 end, source_name asc,
                method asc nulls last, evidence asc nulls last, address asc
        ) as change_position
    from stated
),

collapsed as (
    select
        *,
        lag(person_state) over (
            partition by customer_id, channel, purpose order by occurred_at
        ) as previous_person_state
    from chosen
    where change_position = 1
)

select
    customer_id,
    channel,
    purpose,
    person_state as state,
    occurred_at as valid_from,
    lead(occurred_at) over (partition by customer_id, channel, purpose order by occurred_at) as valid_to,
    source_name as source,
    method,
    evidence
from collapsed
where previous_person_state is null or person_state <> previous_person_state
