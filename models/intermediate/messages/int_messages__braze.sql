{{ config(materialized='view') }}
-- One message of Braze, made of its events: same person and dispatch_id. A dispatch is shared by many people, and a
-- person whose profile was merged opens under the new id what was sent to the old one. An event without dispatch_id
-- (the short-link click of an SMS) belongs to the latest message of its campaign, if it names one, that was sent to
-- the person before it.
with

users as (
    select * from {{ ref('int_identity__braze_users') }}
),

events as (
    select
        events.raw_table || ':' || events.event_id as event_key,
        events.channel,
        events.event,
        events.user_id,
        coalesce(users.surviving_user_id, events.user_id) as person_user_id,
        coalesce(events.dispatch_id, case when events.event = 'sent' then events.event_id end) as dispatch_id,
        events.occurred_at,
        coalesce(events.campaign_id, events.canvas_id) as campaign_id,
        coalesce(
            events.campaign_name, nullif(concat_ws(' / ', events.canvas_name, events.canvas_step_name), '')
        ) as campaign,
        events.is_machine_open,
        events.is_bot_click
    from {{ ref('stg_braze__message_events') }} as events
    left join users on events.user_id = users.user_id
    where events.event not in ('answered', 'passed_on')
),

sends as (
    select
        channel,
        person_user_id,
        user_id,
        dispatch_id,
        min(occurred_at) as sent_at,
        max(campaign_id) as campaign_id
    from events
    where event = 'sent'
    group by channel, person_user_id, user_id, dispatch_id
),

settings as (
    select cast({{ threshold('message_match_days') }} as int) as message_match_days
),

named as (
    select
        events.*,
        sends.user_id as sent_to_user_id,
        sends.dispatch_id as sent_dispatch_id,
        sends.sent_at
    from events
    left join sends
        on
            events.channel = sends.channel
            and events.person_user_id = sends.person_user_id
            and events.dispatch_id = sends.dispatch_id
    where events.dispatch_id is not null
),

unnamed as (
    select
        events.*,
        sends.user_id as sent_to_user_id,
        sends.dispatch_id as sent_dispatch_id,
        sends.sent_at
    from events
    cross join settings
    inner join sends
        on
            events.channel = sends.channel
            and events.person_user_id = sends.person_user_id
            and events.occurred_at >= sends.sent_at
            and {{ days_between('cast(sends.sent_at as date)', 'cast(events.occurred_at as date)') }}
            <= settings.message_match_days
            and (events.campaign_id is null or sends.campaign_id is null or events.campaign_id = sends.campaign_id)
    where events.dispatch_id is null
),

matched as (
    select * from named
    union all
    select * from unnamed
),

ranked as (
    select
        *,
        row_number() over (
            partition by event_key
            order by
                case when user_id = sent_to_user_id then 0 else 1 end,
                sent_at desc nulls last,
                sent_to_user_id asc nulls last,
                sent_dispatch_id asc nulls last
        ) as position
    from matched
),

pieces as (
    select
        channel,
        event,
        person_user_id,
        coalesce(sent_to_user_id, user_id) as message_user_id,
        coalesce(sent_dispatch_id, dispatch_id) as message_dispatch_id,
        occurred_at,
        campaign_id,
        campaign,
        is_machine_open,
        is_bot_click
    from ranked
    where position = 1
)

select
    'braze:' || channel || ':' || message_user_id || ':' || message_dispatch_id as message_id,
    'braze' as source_name,
    'user' as source_record_type,
    max(person_user_id) as source_record_id,
    channel,
    max(campaign_id) as campaign_id,
    coalesce(max(case when event = 'sent' then campaign end), max(campaign)) as campaign,
    min(case when event = 'sent' then occurred_at end) as sent_at,
    min(case when event = 'delivered' then occurred_at end) as delivered_at,
    min(case when event = 'opened' and not is_machine_open then occurred_at end) as opened_at,
    min(case when event = 'opened' and is_machine_open then occurred_at end) as machine_opened_at,
    min(case when event = 'clicked' and not is_bot_click then occurred_at end) as clicked_at,
    min(case when event = 'bounced' then occurred_at end) as bounced_at,
    min(case when event = 'failed' then occurred_at end) as failed_at,
    min(case when event = 'unsubscribed' then occurred_at end) as unsubscribed_at,
    min(case when event = 'complained' then occurred_at end) as complained_at
from pieces
group by channel, message_user_id, message_dispatch_id
