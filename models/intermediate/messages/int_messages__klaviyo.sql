{{ config(materialized='view') }}
-- One message of Klaviyo, made of its events: same profile, message and send. Klaviyo tells no sending, only that a
-- message was received or bounced. A flow sends the same message to a person again and again; where events do not
-- name their send (send_cohort), each receipt begins a message and what follows belongs to it.
with

events as (
    select
        *,
        coalesce(message_id, '-') as message_key,
        coalesce(send_cohort, '-') as send_key
    from {{ ref('stg_klaviyo__events') }}
    -- Whoever leaves from a form or by SMS leaves no message.
    where
        message_event is not null
        and (message_id is not null or message_event not in ('complained', 'unsubscribed'))
),

names as (
    select * from {{ ref('stg_klaviyo__names') }}
),

settings as (
    select cast({{ threshold('message_match_days') }} as int) as message_match_days
),

arrivals as (
    select
        event_id,
        profile_id,
        channel,
        message_key,
        send_key,
        message_event,
        occurred_at,
        lag(message_event) over (
            partition by profile_id, channel, message_key, send_key order by occurred_at, event_id
        ) as previous_event,
        lag(occurred_at) over (
            partition by profile_id, channel, message_key, send_key order by occurred_at, event_id
        ) as previous_at
    from events
    where message_event in ('sent', 'delivered', 'bounced', 'failed')
),

-- A failure with no message before it that it could be of: the receipt after it is the same message, tried again.
attempts as (
    select
        arrivals.*,
        {{ days_between('cast(arrivals.previous_at as date)', 'cast(arrivals.occurred_at as date)') }}
        > settings.message_match_days as is_long_after,
        arrivals.message_event in ('bounced', 'failed') and (
            coalesce(arrivals.previous_event, 'sent') = 'sent'
            or {{ days_between('cast(arrivals.previous_at as date)', 'cast(arrivals.occurred_at as date)') }}
            > settings.message_match_days
        ) as is_first_attempt
    from arrivals
    cross join settings
),

beginnings as (
    select
        event_id,
        case
            when previous_event is null or message_event = 'sent' or is_long_after then 1
            when message_event = 'delivered' and previous_event <> 'sent' and not lag(is_first_attempt) over (
                partition by profile_id, channel, message_key, send_key order by occurred_at, event_id
            ) then 1
            else 0
        end as begins
    from attempts
),

-- What came before the first receipt (clocks differ) belongs to the first message.
numbered as (
    select
        events.*,
        greatest(sum(coalesce(beginnings.begins, 0)) over (
            partition by events.profile_id, events.channel, events.message_key, events.send_key
            order by
                events.occurred_at,
                case when beginnings.event_id is null then 1 else 0 end,
                events.event_id
            rows between unbounded preceding and current row
        ), 1) as message_number
    from events
    left join beginnings on events.event_id = beginnings.event_id
)

select
    concat_ws(
        ':', 'klaviyo', numbered.channel, numbered.profile_id, numbered.message_key, numbered.send_key,
        cast(cast(numbered.message_number as bigint) as string)
    ) as message_id,
    'klaviyo' as source_name,
    'profile' as source_record_type,
    numbered.profile_id as source_record_id,
    numbered.channel,
    coalesce(max(numbered.flow_id), max(numbered.message_id)) as campaign_id,
    nullif(concat_ws(
        ' / ', max(flows.name), coalesce(max(numbered.message_name), max(campaigns.name))
    ), '') as campaign,
    min(case when numbered.message_event = 'sent' then numbered.occurred_at end) as sent_at,
    min(case when numbered.message_event = 'delivered' then numbered.occurred_at end) as delivered_at,
    min(case when numbered.message_event = 'opened' and not numbered.is_machine_open then numbered.occurred_at end)
        as opened_at,
    min(case when numbered.message_event = 'opened' and numbered.is_machine_open then numbered.occurred_at end)
        as machine_opened_at,
    min(case when numbered.message_event = 'clicked' and not numbered.is_bot_click then numbered.occurred_at end)
        as clicked_at,
    min(case when numbered.message_event = 'bounced' then numbered.occurred_at end) as bounced_at,
    min(case when numbered.message_event = 'failed' then numbered.occurred_at end) as failed_at,
    min(case when numbered.message_event = 'unsubscribed' then numbered.occurred_at end) as unsubscribed_at,
    min(case when numbered.message_event = 'complained' then numbered.occurred_at end) as complained_at
from numbered
left join names as flows on flows.raw_table = 'flows' and numbered.flow_id = flows.named_id
left join names as campaigns on campaigns.raw_table = 'campaigns' and numbered.message_id = campaigns.named_id
group by
    numbered.channel, numbered.profile_id, numbered.message_key, numbered.send_key, numbered.message_number
