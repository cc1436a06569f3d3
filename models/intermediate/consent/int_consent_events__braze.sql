{{ config(materialized='view') }}
-- Changes of subscription states, messages that ended in a refusal, SMS that say STOP or START, and deletions. A state
-- fires even when nothing changed; what changed nothing is no event. Subscribed is the default of a new profile: for a
-- whole channel it is a consent only after a refusal, otherwise Opted-In is; for a group it is one unless the whole
-- channel is refused. STOP, a refusal of all SMS and a deletion end what is transactional too.
with

users as (
    select * from {{ ref('int_identity__braze_users') }}
),

groups as (
    select * from {{ ref('subscription_groups') }}
),

keywords as (
    select * from {{ ref('sms_keywords') }}
),

settings as (
    select
        changes.*,
        case
            when changes.channel like '%push%' then 'push'
            when changes.channel in ('mms', 'rcs') then 'sms'
            else changes.channel
        end as message_channel,
        coalesce(groups.purpose, 'marketing') as purpose
    from {{ ref('stg_braze__subscription_changes') }} as changes
    left join groups on changes.subscription_group_id = groups.subscription_group_id
    where changes.channel is not null and coalesce(groups.purpose, 'marketing') <> 'topic'
),

compared as (
    select
        *,
        max(case when scope = 'global' then cast(occurred_at as string) || ' ' || subscription_status end) over (
            partition by user_id, message_channel order by occurred_at, event_id
            rows between unbounded preceding and current row
        ) as channel_status,
        lag(subscription_status) over (
            partition by user_id, message_channel, coalesce(subscription_group_id, '-') order by occurred_at, event_id
        ) as previous_status
    from settings
),

-- A reply without a user is of everybody who is known by that number.
numbers as (
    select
        {{ address_match('phone', "'sms'") }} as number,
        user_id
    from {{ ref('stg_braze__message_events') }}
    where channel = 'sms' and event <> 'answered' and phone is not null
    union
    select
        {{ address_match('phone', "'sms'") }} as number,
        user_id
    from {{ ref('stg_braze__subscription_changes') }}
    where phone is not null
),

purposes as (
    select 'marketing' as purpose
    union all
    select 'transactional' as purpose
),

answers as (
    select
        coalesce(events.user_id, numbers.user_id) as user_id,
        events.occurred_at,
        events.phone,
        coalesce(
            case when events.action in ('subscribed', 'unsubscribed') then events.action end,
            keywords.consent_state
        ) as state,
        coalesce(keywords.keyword, events.action) as keyword
    from {{ ref('stg_braze__message_events') }} as events
    left join numbers
        on events.user_id is null and {{ address_match('events.phone', "'sms'") }} = numbers.number
    left join keywords on trim({{ plain_words('events.message_body') }}) = keywords.keyword
    where events.event = 'answered'
),

refusals as (
    select *
    from {{ ref('stg_braze__message_events') }}
    where event in ('unsubscribed', 'complained')
),

-- A refusal of a group whose channel nobody knows is one of both.
unplaced as (
    select *
    from {{ ref('stg_braze__subscription_changes') }}
    where channel is null and subscription_status = 'unsubscribed'
),

deletions as (
    select *
    from {{ ref('stg_braze__user_events') }}
    where event = 'deleted'
),

events as (
    select
        user_id,
        message_channel as channel,
        purpose,
        case
            when subscription_status = 'unsubscribed' then 'unsubscribed'
            when subscription_status = 'optedin' then 'subscribed'
            when
                subscription_status = 'subscribed'
                and (
                    previous_status = 'unsubscribed'
                    or (scope = 'group' and coalesce(channel_status not like '% unsubscribed', true))
                )
                then 'subscribed'
            else 'unknown'
        end as state,
        occurred_at,
        case message_channel when 'email' then email when 'push' then cast(null as string) else phone end as address,
        coalesce(state_change_source, scope || ' state') as method,
        subscription_status || coalesce(' in group ' || subscription_group_id, '') as evidence
    from compared
    where previous_status is null or previous_status <> subscription_status
    union all
    select
        answers.user_id,
        'sms' as channel,
        purposes.purpose,
        answers.state,
        answers.occurred_at,
        answers.phone as address,
        'reply' as method,
        upper(answers.keyword) as evidence
    from answers
    inner join purposes on answers.state = 'unsubscribed' or purposes.purpose = 'marketing'
    where answers.state is not null and answers.user_id is not null
    union all
    select
        user_id,
        message_channel as channel,
        'transactional' as purpose,
        'unsubscribed' as state,
        occurred_at,
        phone as address,
        coalesce(state_change_source, 'global state') as method,
        'unsubscribed' as evidence
    from compared
    where scope = 'global' and message_channel = 'sms' and subscription_status = 'unsubscribed'
    union all
    select
        user_id,
        channel,
        'marketing' as purpose,
        'unsubscribed' as state,
        occurred_at,
        email as address,
        event as method,
        'message of ' || coalesce(campaign_name, canvas_name, 'an unnamed campaign') as evidence
    from refusals
    {%- for channel in ['email', 'sms'] %}
    union all
    select
        user_id,
        '{{ channel }}' as channel,
        'marketing' as purpose,
        'unsubscribed' as state,
        occurred_at,
        cast(null as string) as address,
        coalesce(state_change_source, 'group state') as method,
        'unsubscribed in group ' || subscription_group_id as evidence
    from unplaced
    {%- endfor %}
    {%- for channel in ['email', 'sms', 'push', 'whatsapp'] %}
    union all
    select
        deletions.user_id,
        '{{ channel }}' as channel,
        purposes.purpose,
        'unsubscribed' as state,
        deletions.occurred_at,
        cast(null as string) as address,
        'deletion' as method,
        'deleted in Braze' as evidence
    from deletions
    cross join purposes
    {%- endfor %}
)

select
    'braze' as source_name,
    'user' as source_record_type,
    coalesce(users.surviving_user_id, events.user_id) as source_record_id,
    events.channel,
    events.purpose,
    events.state,
    events.occurred_at,
    events.address,
    events.method,
    events.evidence
from events
left join users on events.user_id = users.user_id
