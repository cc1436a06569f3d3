-- Grain: audience, person who is neither stopped nor in a control group, and open channel, with what the message would
-- be there: when it could go, and how many of its kind the caps have room for (null: no cap). Room is counted before
-- this day's messages: what was sent counts by its class then, and so does what was exported and does not show among
-- the messages yet. Members are no entrants: their message went out before. A message with an offer is promotional,
-- whatever its class is. is_live: it would go out, so that it may take something from others.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

qualified as (
    select * from {{ ref('audience_qualified') }}
    where not is_member
),

settings as (
    select * from {{ ref('audience_settings') }}
),

screened as (
    select * from {{ ref('audience_screened') }}
    where suppressed_reason is null
),

controls as (
    select
        campaign,
        customer_id
    from {{ ref('audience_assignments') }}
    where arm = 'control'
),

open_routes as (
    select * from {{ ref('audience_routes') }}
    where route_reason is null
),

contacts as (
    select
        contacts.customer_id,
        {{ zone_key('contacts') }} as zone_key,
        coalesce(contacts.country_code, 'unknown') as country_code
    from {{ ref('customer_contacts') }} as contacts
),

windows as (
    select * from {{ ref('audience_sending_windows') }}
),

caps as (
    select * from {{ ref('message_caps') }}
),

entrants as (
    select
        qualified.audience,
        qualified.customer_id,
        qualified.expected_value,
        qualified.expires_at,
        settings.class_rank,
        settings.consent_purpose,
        settings.counts_as,
        settings.offer,
        settings.passes,
        settings.is_live and not qualified.is_too_many as is_live,
        point_in_time.cut_at
    from qualified
    cross join point_in_time
    inner join settings on qualified.audience = settings.audience
    inner join screened
        on qualified.audience = screened.audience and qualified.customer_id = screened.customer_id
    {{ join_controls() }}
    where own.campaign is null and universal.campaign is null
),

routed as (
    select
        entrants.audience,
        entrants.customer_id,
        open_routes.channel,
        entrants.class_rank,
        entrants.expected_value,
        entrants.expires_at,
        entrants.consent_purpose,
        entrants.passes,
        entrants.cut_at,
        entrants.offer is not null and open_routes.may_send_marketing as has_offer,
        case
            when entrants.offer is not null and open_routes.may_send_marketing then 'promotional'
            else entrants.counts_as
        end as counts_as,
        case when entrants.offer is null then entrants.counts_as else 'promotional' end as takes_room_as,
        open_routes.is_stale,
        entrants.is_live and not open_routes.is_stale as is_live,
        open_routes.answer_rate,
        open_routes.preferred_hour
    from entrants
    inner join open_routes
        on entrants.audience = open_routes.audience and entrants.customer_id = open_routes.customer_id
),

people as (
    select distinct customer_id from routed
),

messages as (
    select
        messages.customer_id,
        messages.channel,
        messages.message_class as counts_as,
        messages.messaged_at
    from {{ ref('messages') }} as messages
    semi join people on messages.customer_id = people.customer_id
    cross join point_in_time
    where
        messages.messaged_at < point_in_time.cut_at
        and messages.messaged_at
        > {{ hours_later('point_in_time.cut_at', '-(select max(window_hours) from caps)') }}
),

redirects as (
    select * from {{ ref('customer_id_redirects') }}
),

-- A build of the same day may have changed where its message goes.
log as (
    select
        *,
        max(case when {{ is_message('log') }} then 1 else 0 end) over (
            partition by log.audience, log.customer_id, log.changed_at
        ) as is_message
    from {{ source('state', 'audience_log') }} as log
    qualify row_number() over (partition by audience, customer_id, changed_at order by change_number desc) = 1
),

planned as (
    select
        coalesce(redirects.customer_id, log.customer_id) as customer_id,
        log.channel,
        log.counts_as,
        greatest(log.changed_at, coalesce(log.send_not_before, log.changed_at)) as messaged_at
    from log
    cross join point_in_time
    left join redirects on log.customer_id = redirects.old_customer_id
    where
        log.is_message = 1
        and log.changed_at < point_in_time.cut_at
        and log.channel <> 'helpdesk'
),

-- The message of a plan is the next one of its kind in its channel.
not_sent_yet as (
    select planned.*
    from planned
    semi join people on planned.customer_id = people.customer_id
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

used as (
    select
        sends.customer_id,
        caps.channel,
        caps.counts_as,
        caps.window_hours,
        count(*) as send_count
    from sends
    cross join point_in_time
    inner join caps
        on
            caps.channel in (sends.channel, '*')
            and caps.counts_as in (sends.counts_as, '*')
            and sends.messaged_at > {{ hours_later('point_in_time.cut_at', '-caps.window_hours') }}
    group by sends.customer_id, caps.channel, caps.counts_as, caps.window_hours
),

kinds as (
    select distinct
        customer_id,
        channel,
        counts_as
    from routed
    where channel <> 'helpdesk'
),

left_over as (
    select
        kinds.*,
        caps.channel <> '*' as is_of_channel,
        caps.counts_as <> '*' as is_of_class,
        caps.max_messages - coalesce(used.send_count, 0) as room
    from kinds
    inner join caps on caps.channel in (kinds.channel, '*') and caps.counts_as in (kinds.counts_as, '*')
    left join used
        on
            kinds.customer_id = used.customer_id
            and caps.channel = used.channel
            and caps.counts_as = used.counts_as
            and caps.window_hours = used.window_hours
),

rooms as (
    select
        customer_id,
        channel,
        counts_as,
        min(case when is_of_channel and is_of_class then room end) as own_room,
        min(case when is_of_channel and not is_of_class then room end) as channel_room,
        min(case when is_of_class and not is_of_channel then room end) as class_room,
        min(case when not is_of_channel and not is_of_class then room end) as common_room
    from left_over
    group by customer_id, channel, counts_as
),

-- The hour that suits the person, within the hours of the first day and of the next.
placed as (
    select
        routed.*,
        rooms.own_room,
        rooms.channel_room,
        rooms.class_room,
        rooms.common_room,
        windows.is_always_open,
        windows.read_at,
        windows.opens_at,
        windows.closes_at,
        windows.next_closes_at,
        routed.channel = 'helpdesk'
        or routed.passes like '% quiet %' and not coalesce(windows.also_service, true) as is_at_once,
        {%- for which in ['', 'next_'] %}
        case when windows.time_zone is not null and routed.preferred_hour is not null then greatest(
            windows.{{ which }}opens_at,
            least(
                {{ local_to_utc(
                    hours_later('cast(windows.' ~ which ~ 'local_day as timestamp)', 'routed.preferred_hour'),
                    'windows.time_zone'
                ) }},
                {{ hours_later('windows.' ~ which ~ 'closes_at', '-1') }}
            )
        ) end as {{ which }}hour_at{{ ',' if not loop.last }}
        {%- endfor %}
    from routed
    left join rooms
        on
            routed.customer_id = rooms.customer_id
            and routed.channel = rooms.channel
            and routed.counts_as = rooms.counts_as
    left join contacts on routed.customer_id = contacts.customer_id
    left join windows
        on
            routed.channel = windows.channel
            and contacts.zone_key = windows.zone_key
            and contacts.country_code = windows.country_code
),

chosen as (
    select
        *,
        passes not like '% quiet %' and hour_at >= read_at as suits_first,
        passes not like '% quiet %' and hour_at < read_at and next_hour_at < expires_at as suits_next
    from placed
),

timed as (
    select
        *,
        case
            when is_at_once then cut_at
            when suits_first then hour_at
            when suits_next then next_hour_at
            when is_always_open then cut_at
            else greatest(opens_at, read_at)
        end as send_not_before,
        case
            when is_at_once or is_always_open then expires_at
            when suits_next then least(expires_at, next_closes_at)
            else least(expires_at, closes_at)
        end as send_until
    from chosen
)

select
    audience,
    customer_id,
    channel,
    class_rank,
    expected_value,
    {{ hash_text("audience || '|' || customer_id") }} as tie_breaker,
    consent_purpose,
    passes like '% arbitration %' as passes_arbitration,
    passes like '% cap %' as passes_cap,
    has_offer,
    counts_as,
    takes_room_as,
    is_stale,
    is_live,
    answer_rate,
    own_room,
    channel_room,
    class_room,
    common_room,
    send_not_before,
    send_until,
    coalesce(send_not_before >= send_until, true) as is_late
from timed
