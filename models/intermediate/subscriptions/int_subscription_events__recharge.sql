{{ config(materialized='view') }}
-- One thing that happened to a subscription. Three witnesses: the event log, the charges, and the states that the row
-- itself was seen in. Starts and ends are folded: a sighting becomes an event only where it changes whether the
-- subscription runs, so that a cancellation which the log, the row and an older version all report happened once, and a
-- reactivation is known even where the row has forgotten the cancellation. Skips and swaps of the log win over those
-- read off charges and rows.
with

verbs as (
    select * from {{ ref('subscription_verbs') }}
    where event_type is not null
),

versions as (
    select * from {{ ref('stg_recharge__subscription_versions') }}
),

charge_versions as (
    select * from {{ ref('stg_recharge__charge_versions') }}
),

subscriptions_of_charges as (
    select distinct
        charge_id,
        subscription_id
    from charge_versions
),

logged as (
    select
        'event:' || events.event_id || ':' || coalesce(subscriptions_of_charges.subscription_id, events.object_id)
            as event_key,
        coalesce(subscriptions_of_charges.subscription_id, events.object_id) as subscription_id,
        verbs.event_type,
        events.occurred_at,
        subscriptions_of_charges.charge_id
    from {{ ref('stg_recharge__events') }} as events
    inner join verbs on events.object_type = verbs.object_type and events.verb = verbs.verb
    left join subscriptions_of_charges
        on events.object_type = 'charge' and events.object_id = subscriptions_of_charges.charge_id
    where events.object_type = 'subscription' or subscriptions_of_charges.charge_id is not null
),

sightings as (
    select
        subscription_id,
        created_at as seen_at,
        true as is_running,
        'started' as event_type
    from {{ ref('stg_recharge__subscriptions') }}
    union all
    select
        subscription_id,
        case
            when subscription_status in ('cancelled', 'expired') then coalesce(cancelled_at, updated_at)
            else updated_at
        end as seen_at,
        subscription_status not in ('cancelled', 'expired') as is_running,
        case when subscription_status in ('cancelled', 'expired') then subscription_status else 'reactivated' end
            as event_type
    from versions
    union all
    select
        subscription_id,
        occurred_at as seen_at,
        event_type in ('started', 'reactivated') as is_running,
        event_type
    from logged
    where event_type in ('started', 'reactivated', 'cancelled', 'expired')
),

changes as (
    select
        *,
        lag(is_running) over (
            partition by subscription_id order by seen_at asc, is_running desc, event_type asc
        ) as was_running
    from sightings
),

turns as (
    select
        subscription_id,
        case
            when was_running is null then 'started'
            when is_running then 'reactivated'
            else event_type
        end as event_type,
        seen_at as occurred_at
    from changes
    where was_running is distinct from is_running and (is_running or was_running)
),

products as (
    select
        subscription_id,
        updated_at,
        variant_id,
        lag(variant_id) over (partition by subscription_id order by updated_at, variant_id) as earlier_variant_id
    from versions
    where variant_id is not null
),

read_off as (
    select
        'charge:' || charge_id || ':' || subscription_id || ':charged' as event_key,
        subscription_id,
        'charged' as event_type,
        min(processed_at) as occurred_at,
        charge_id,
        max(charge_type) as charge_type,
        max(scheduled_on) as scheduled_on,
        max(order_reference) as order_reference
    from charge_versions
    where charge_status in ('success', 'refunded', 'partially_refunded') and processed_at is not null
    group by charge_id, subscription_id
    union all
    select
        'charge:' || charge_id || ':' || subscription_id || ':failed:' || cast(coalesce(attempt_count, 0) as string)
            as event_key,
        subscription_id,
        'charge_failed' as event_type,
        min(updated_at) as occurred_at,
        charge_id,
        max(charge_type) as charge_type,
        max(scheduled_on) as scheduled_on,
        cast(null as string) as order_reference
    from charge_versions
    where charge_status = 'error'
    group by charge_id, subscription_id, attempt_count
    union all
    select
        'charge:' || charge_id || ':' || subscription_id || ':skipped' as event_key,
        subscription_id,
        'skipped' as event_type,
        min(updated_at) as occurred_at,
        charge_id,
        max(charge_type) as charge_type,
        max(scheduled_on) as scheduled_on,
        cast(null as string) as order_reference
    from charge_versions
    where charge_status = 'skipped'
    group by charge_id, subscription_id
    union all
    select
        'version:' || subscription_id || ':swapped:' || cast(updated_at as string) as event_key,
        subscription_id,
        'swapped' as event_type,
        updated_at as occurred_at,
        cast(null as string) as charge_id,
        cast(null as string) as charge_type,
        cast(null as date) as scheduled_on,
        cast(null as string) as order_reference
    from products
    where variant_id <> earlier_variant_id
),

told_by_the_log as (
    select distinct read_off.event_key
    from read_off
    inner join logged
        on
            read_off.subscription_id = logged.subscription_id
            and read_off.event_type = logged.event_type
            and (
                read_off.charge_id = logged.charge_id
                or abs(
                    {{ days_between('cast(read_off.occurred_at as date)', 'cast(logged.occurred_at as date)') }}
                ) <= 1
            )
)

select
    'recharge:' || event_key as event_id,
    'recharge:' || subscription_id as subscription_id,
    'recharge' as source_name,
    event_type,
    occurred_at,
    charge_id,
    charge_type,
    scheduled_on,
    order_reference
from read_off
anti join told_by_the_log on read_off.event_key = told_by_the_log.event_key
union all
select
    'recharge:' || event_key as event_id,
    'recharge:' || subscription_id as subscription_id,
    'recharge' as source_name,
    event_type,
    occurred_at,
    charge_id,
    cast(null as string) as charge_type,
    cast(null as date) as scheduled_on,
    cast(null as string) as order_reference
from logged
where event_type not in ('started', 'reactivated', 'cancelled', 'expired')
union all
select
    'recharge:turn:' || subscription_id || ':' || event_type || ':' || cast(occurred_at as string) as event_id,
    'recharge:' || subscription_id as subscription_id,
    'recharge' as source_name,
    event_type,
    occurred_at,
    cast(null as string) as charge_id,
    cast(null as string) as charge_type,
    cast(null as date) as scheduled_on,
    cast(null as string) as order_reference
from turns
