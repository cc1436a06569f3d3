-- Grain: audience and person who won the day's message in a channel, and whether it fits under the caps.
-- What was sent counts by its class then; what was exported and does not show among the messages yet counts, too, and
-- so do the other messages of this day, in order. Per channel, then per class over all channels, then over everything:
-- who fails one leaves the room to the others. What passes caps is counted and always fits; tasks for the helpdesk are
-- no messages. A message with an offer is promotional, whatever its class is.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

settings as (
    select * from {{ ref('audience_settings') }}
),

caps as (
    select * from {{ ref('message_caps') }}
),

winners as (
    select
        contenders.audience,
        contenders.customer_id,
        contenders.channel,
        case
            when settings.offer is not null and routes.may_send_marketing then 'promotional'
            else settings.counts_as
        end as counts_as,
        settings.passes like '% cap %' as passes_cap,
        settings.is_live and not qualified.is_too_many as is_live,
        settings.class_rank,
        qualified.expected_value
    from {{ ref('audience_contenders') }} as contenders
    inner join settings on contenders.audience = settings.audience
    inner join {{ ref('audience_qualified') }} as qualified
        on contenders.audience = qualified.audience and contenders.customer_id = qualified.customer_id
    inner join {{ ref('audience_routes') }} as routes
        on
            contenders.audience = routes.audience
            and contenders.customer_id = routes.customer_id
            and contenders.channel = routes.channel
    where contenders.has_won and contenders.channel <> 'helpdesk'
),

messages as (
    select
        messages.customer_id,
        messages.channel,
        messages.message_class as counts_as,
        messages.messaged_at
    from {{ ref('messages') }} as messages
    semi join winners on messages.customer_id = winners.customer_id
    cross join point_in_time
    where
        messages.messaged_at < point_in_time.cut_at
        and messages.messaged_at
        > {{ hours_later('point_in_time.cut_at', '-(select max(window_hours) from caps)') }}
),

redirects as (
    select * from {{ ref('customer_id_redirects') }}
),

planned as (
    select
        coalesce(redirects.customer_id, log.customer_id) as customer_id,
        log.channel,
        log.counts_as,
        greatest(log.changed_at, coalesce(log.send_not_before, log.changed_at)) as messaged_at
    from {{ source('state', 'audience_log') }} as log
    cross join point_in_time
    left join redirects on log.customer_id = redirects.old_customer_id
    where
        (log.change = 'add' or log.reason = 'new_trigger')
        and log.changed_at < point_in_time.cut_at
        and log.channel <> 'helpdesk'
),

-- The message of a plan is the next one of its kind in its channel.
not_sent_yet as (
    select planned.*
    from planned
    semi join winners on planned.customer_id = winners.customer_id
    left join messages
        on
            planned.customer_id = messages.customer_id
            and planned.channel = messages.channel
            and planned.counts_as = messages.counts_as
            and planned.messaged_at <= messages.messaged_at
    where messages.customer_id is null
),

sends as (
    select * from messages
    union all
    select * from not_sent_yet
),

rooms as (
    select
        winners.audience,
        winners.customer_id,
        caps.channel as cap_channel,
        caps.counts_as as cap_class,
        caps.window_hours,
        caps.max_messages - count(sends.customer_id) as room
    from winners
    cross join point_in_time
    inner join caps
        on caps.channel in (winners.channel, '*') and caps.counts_as in (winners.counts_as, '*')
    left join sends
        on
            winners.customer_id = sends.customer_id
            and caps.channel in (sends.channel, '*')
            and caps.counts_as in (sends.counts_as, '*')
            and sends.messaged_at > {{ hours_later('point_in_time.cut_at', '-caps.window_hours') }}
    group by
        winners.audience, winners.customer_id, caps.channel, caps.counts_as, caps.window_hours, caps.max_messages
),

fitted as (
    select
        audience,
        customer_id,
        min(case when cap_channel <> '*' then room end) as channel_room,
        min(case when cap_channel = '*' and cap_class <> '*' then room end) as class_room,
        min(case when cap_channel = '*' and cap_class = '*' then room end) as common_room
    from rooms
    group by audience, customer_id
),

{% set before = ' rows between unbounded preceding and 1 preceding' -%}

in_channel as (
    select
        winners.*,
        winners.passes_cap or coalesce(fitted.channel_room >= 1, true) as fits_channel,
        fitted.class_room,
        fitted.common_room
    from winners
    left join fitted on winners.audience = fitted.audience and winners.customer_id = fitted.customer_id
),

in_class as (
    select
        *,
        passes_cap
        or fits_channel
        and coalesce(class_room > coalesce(sum(case when is_live and fits_channel then 1 else 0 end) over (
            partition by customer_id, counts_as
            order by class_rank asc, expected_value desc, audience asc{{ before }}
        ), 0), true) as fits_class
    from in_channel
),

in_all as (
    select
        *,
        passes_cap
        or fits_class
        and coalesce(common_room > coalesce(sum(case when is_live and fits_class then 1 else 0 end) over (
            partition by customer_id
            order by class_rank asc, expected_value desc, audience asc{{ before }}
        ), 0), true) as fits
    from in_class
)

select
    audience,
    customer_id,
    channel,
    fits
from in_all
