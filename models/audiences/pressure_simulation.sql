-- Grain: channel and what the rules of today would have done with its promotional messages of the last pressure_days:
-- held back because something had gone wrong for the person (experience_hold), refused because the person had had
-- enough (over_cap), or sent (kept). Each message is judged by the day before it, as a build would have, and by the
-- messages that would have gone out until then. Traps: the replay begins a cap's longest window earlier as if nobody
-- had been written to before; what was asked then and is closed now left no hold (audience_holds); an order after a
-- click may have come without it, so that revenue is the most that a refusal can cost.
{%- set now = first_element('event') -%}
{%- set counted = sum_list(
    'state',
    'sent',
    "case when sent.is_admitted and element.channel in (sent.channel, '*') and element.counts_as in (sent.counts_as, '*')"
    ~ ' and ' ~ hours_later('sent.messaged_at', 'element.window_hours') ~ ' > ' ~ now ~ '.messaged_at'
    ~ ' then 1 else 0 end'
) -%}
{%- set is_full = any_element(
    'caps',
    'element.channel in (' ~ now ~ ".channel, '*') and element.counts_as in (" ~ now ~ ".counts_as, '*') and "
    ~ counted ~ ' >= element.max_messages'
) %}
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

messages as (
    select * from {{ ref('messages') }}
    where customer_id is not null
),

holds as (
    select * from {{ ref('audience_holds') }}
),

orders as (
    select * from {{ ref('orders') }}
    where is_valid and customer_id is not null
),

message_caps as (
    select * from {{ ref('message_caps') }}
),

cap_list as (
    select
        {{ ordered_list(make_struct({
            'channel': 'channel',
            'counts_as': 'counts_as',
            'window_hours': 'window_hours',
            'max_messages': 'max_messages',
        })) }} as caps,
        coalesce(max(window_hours), 0) as longest_hours,
        coalesce(bool_or(counts_as = '*'), false) as counts_every_class
    from message_caps
),

period as (
    select
        {{ days_later('point_in_time.cut_at', '-' ~ threshold('pressure_days')) }} as starts_at,
        {{ hours_later(
            days_later('point_in_time.cut_at', '-' ~ threshold('pressure_days')), '-cap_list.longest_hours'
        ) }} as replayed_from,
        point_in_time.cut_at,
        cap_list.counts_every_class
    from point_in_time
    cross join cap_list
),

-- What is not promotional always goes out, and counts where a cap is for every class.
replayed as (
    select
        messages.message_id,
        messages.customer_id,
        messages.channel,
        messages.message_class as counts_as,
        messages.messaged_at,
        messages.messaged_on,
        messages.clicked_at,
        messages.message_class = 'promotional' as is_promotional,
        messages.message_class = 'promotional' and messages.messaged_at >= period.starts_at as is_judged,
        coalesce(messages.unsubscribed_at <= {{
            days_later('messages.messaged_at', threshold('reaction_days'))
        }}, false) as is_unsubscribed,
        coalesce(messages.complained_at <= {{
            days_later('messages.messaged_at', threshold('reaction_days'))
        }}, false) as is_complained
    from messages
    cross join period
    where
        messages.messaged_at >= period.replayed_from
        and messages.messaged_at < period.cut_at
        and (messages.message_class = 'promotional' or period.counts_every_class)
),

held as (
    select distinct replayed.message_id
    from replayed
    inner join holds
        on
            replayed.customer_id = holds.customer_id
            and replayed.messaged_on > holds.opened_on
            and replayed.messaged_on <= holds.holds_until
    where replayed.is_promotional
),

contending as (
    select replayed.*
    from replayed
    anti join held on replayed.message_id = held.message_id
),

-- More than max_messages in a window have two of them closer to each other than this.
closest as (
    select
        channel,
        max(3600 * cast(window_hours as double) / nullif(max_messages, 0)) as gap_seconds,
        min(max_messages) = 0 as is_closed
    from message_caps
    group by channel
),

spaced as (
    select
        customer_id,
        channel,
        {{ seconds_between(
            'lag(messaged_at) over (partition by customer_id, channel order by messaged_at asc, message_id asc)',
            'messaged_at'
        ) }} as channel_gap,
        {{ seconds_between(
            'lag(messaged_at) over (partition by customer_id order by messaged_at asc, message_id asc)', 'messaged_at'
        ) }} as common_gap
    from contending
),

-- Everybody else keeps all messages, and need not be replayed one by one.
crowded as (
    select distinct spaced.customer_id
    from spaced
    inner join closest
        on
            (spaced.channel = closest.channel or closest.channel = '*')
            and (
                case when closest.channel = '*' then spaced.common_gap else spaced.channel_gap end
                < closest.gap_seconds + 1
                or closest.is_closed
            )
),

sequences as (
    select
        contending.customer_id,
        {{ ordered_list(make_struct({
            'messaged_at': 'contending.messaged_at',
            'message_id': 'contending.message_id',
            'channel': 'contending.channel',
            'counts_as': 'contending.counts_as',
            'is_promotional': 'contending.is_promotional',
            'is_admitted': 'true',
        })) }} as messages
    from contending
    semi join crowded on contending.customer_id = crowded.customer_id
    group by contending.customer_id
),

-- The state is the list of messages so far, each with what became of it.
folded as (
    select
        sequences.customer_id,
        {{ fold(
            map_list('sequences.messages', 'one', list_of('one')),
            empty_list({
                'messaged_at': 'timestamp',
                'message_id': 'string',
                'channel': 'string',
                'counts_as': 'string',
                'is_promotional': 'boolean',
                'is_admitted': 'boolean',
            }),
            join_lists('state', list_of(make_struct({
                'messaged_at': now ~ '.messaged_at',
                'message_id': now ~ '.message_id',
                'channel': now ~ '.channel',
                'counts_as': now ~ '.counts_as',
                'is_promotional': now ~ '.is_promotional',
                'is_admitted': 'not (' ~ now ~ '.is_promotional and ' ~ is_full ~ ')',
            })))
        ) }} as decided
    from sequences
    cross join cap_list
),

decisions as (
    select {{ explode('decided') }} as decision
    from folded
),

refused as (
    select decision.message_id
    from decisions
    where not decision.is_admitted
),

judged as (
    select
        replayed.*,
        case
            when held.message_id is not null then 'experience_hold'
            when refused.message_id is not null then 'over_cap'
            else 'kept'
        end as reason
    from replayed
    left join held on replayed.message_id = held.message_id
    left join refused on replayed.message_id = refused.message_id
    where replayed.is_judged
),

-- An order belongs to the last click before it.
attributed as (
    select
        judged.message_id,
        orders.order_id,
        orders.net_revenue_reporting
    from judged
    inner join orders
        on
            judged.customer_id = orders.customer_id
            and judged.clicked_at <= orders.ordered_at
            and {{ days_later('judged.clicked_at', threshold('click_days')) }} > orders.ordered_at
    qualify row_number() over (
        partition by orders.order_id order by judged.clicked_at desc, judged.message_id desc
    ) = 1
),

attributed_messages as (
    select
        message_id,
        count(*) as order_count,
        sum(net_revenue_reporting) as revenue
    from attributed
    group by message_id
)

select
    judged.channel,
    judged.reason,
    count(*) as message_count,
    count(distinct judged.customer_id) as people_count,
    count(judged.clicked_at) as click_count,
    cast(sum(coalesce(attributed_messages.order_count, 0)) as bigint) as attributed_orders,
    cast(sum(coalesce(attributed_messages.revenue, 0)) as decimal(18, 2)) as attributed_revenue,
    count(case when judged.is_unsubscribed then 1 end) as unsubscribe_count,
    count(case when judged.is_complained then 1 end) as complaint_count
from judged
left join attributed_messages on judged.message_id = attributed_messages.message_id
group by judged.channel, judged.reason
