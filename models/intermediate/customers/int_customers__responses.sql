-- One person who was sent anything: opens by people, clicks, and the channel that is answered best. A channel is judged
-- by the share of its messages that were clicked, since every channel has clicks; where nothing was, by the share
-- opened. Trap: one click on the only message is no better channel than nine clicks on ten, so each channel is given
-- channel_doubt_messages more that nobody answered.
with

messages as (
    select
        customer_id,
        source_name,
        channel,
        opened_at,
        machine_opened_at,
        clicked_at
    from {{ ref('messages') }}
),

-- The others tell what they sent and not what came of it.
telling_sources as (
    select source_name
    from messages
    where coalesce(opened_at, machine_opened_at, clicked_at) is not null
    group by source_name
),

settings as (
    select
        reporting_timezone,
        {{ local_to_utc(
            'cast(' ~ add_days('as_of', '1 - ' ~ threshold('interest_days')) ~ ' as timestamp)', 'reporting_timezone'
        ) }} as counted_from,
        {{ threshold('channel_doubt_messages') }} as doubt_messages
    from {{ ref('point_in_time') }}
),

channels as (
    select
        messages.customer_id,
        messages.channel,
        count(*) as message_count,
        count(messages.opened_at) as open_count,
        count(messages.clicked_at) as click_count,
        count(coalesce(messages.opened_at, messages.clicked_at)) as answer_count,
        count(case when messages.opened_at >= settings.counted_from then 1 end) as recent_open_count,
        count(case when messages.clicked_at >= settings.counted_from then 1 end) as recent_click_count,
        max(messages.opened_at) as last_opened_at,
        max(messages.clicked_at) as last_clicked_at
    from messages
    semi join telling_sources on messages.source_name = telling_sources.source_name
    cross join settings
    where messages.customer_id is not null
    group by messages.customer_id, messages.channel
),

ranked as (
    select
        channels.*,
        row_number() over (
            partition by channels.customer_id
            order by
                {{ ratio('channels.click_count', 'channels.message_count + settings.doubt_messages') }} desc,
                {{ ratio('channels.open_count', 'channels.message_count + settings.doubt_messages') }} desc,
                channels.channel asc
        ) as position
    from channels
    cross join settings
),

sums as (
    select
        customer_id,
        max(last_opened_at) as last_opened_at,
        sum(recent_open_count) as open_count,
        max(last_clicked_at) as last_clicked_at,
        sum(recent_click_count) as click_count,
        max(case when position = 1 and answer_count > 0 then channel end) as preferred_channel,
        max(case when position = 1 and answer_count > 0 then answer_count end) as preferred_channel_answers
    from ranked
    group by customer_id
)

select
    sums.customer_id,
    cast({{ utc_to_local('sums.last_opened_at', 'settings.reporting_timezone') }} as date) as last_opened_on,
    cast(sums.open_count as bigint) as opens_90d,
    cast({{ utc_to_local('sums.last_clicked_at', 'settings.reporting_timezone') }} as date) as last_clicked_on,
    cast(sums.click_count as bigint) as clicks_90d,
    sums.preferred_channel,
    sums.preferred_channel_answers
from sums
cross join settings
