{{ config(materialized='view') }}
-- One page or event of any source before the cut, under the shop's own words (seeds/web_event_names.csv): other where
-- the seed says so or does not know the name. Bots are marked and stay in.
with

events as (
    {{ union_subject('web_events', ['segment']) | indent(4) }}
),

names as (
    select * from {{ ref('web_event_names') }}
),

bots as (
    select * from {{ ref('web_patterns') }}
    where kind = 'bot'
),

agents as (
    select distinct user_agent
    from events
    where user_agent is not null
),

bot_agents as (
    select agents.user_agent
    from agents
    semi join bots on lower(agents.user_agent) like bots.pattern
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
)

select
    events.event_id,
    events.source_name,
    events.source_record_type,
    events.source_record_id,
    events.anonymous_id,
    events.event_name,
    coalesce(names.event, 'other') as event,
    names.event is not null as is_known_event,
    events.occurred_at,
    events.url,
    lower({{ web_host('events.url') }}) as host,
    -- Pages that carry somebody's address show none.
    {{ replace_pattern('events.path', '[^/]*(@|%40)[^/]*', '-') }} as path,
    lower({{ web_host('events.referrer') }}) as referrer_host,
    case when events.campaign_source not like '%@%' then events.campaign_source end as campaign_source,
    case when events.campaign_medium not like '%@%' then events.campaign_medium end as campaign_medium,
    case when events.campaign_name not like '%@%' then events.campaign_name end as campaign_name,
    bot_agents.user_agent is not null as is_bot,
    events.product_id,
    events.sku,
    events.quantity,
    lower(replace(replace(events.order_reference, 'gid://shopify/Order/', ''), '#', '')) as order_reference,
    events.event_value,
    events.currency_code
from events
cross join point_in_time
left join names on translate(lower(events.event_name), ' -', '__') = names.event_name
left join bot_agents on events.user_agent = bot_agents.user_agent
where events.occurred_at < point_in_time.cut_at
