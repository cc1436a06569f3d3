-- Grain: one sign that a person turns away. Of the six of the articles four can be seen: a bad review, an opt-out, a
-- complaint about a message, and writing to the shop after something went wrong. Posts, talk among friends and
-- unfollowing are in no system that the project reads. Most say nothing: silence is no word and no purchase after
-- something to complain of. Trap: it is signalled when it is over, and what came later does not take it back.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

experiences as (
    select * from {{ ref('bad_experiences') }}
),

shipments as (
    select * from {{ ref('shipments') }}
),

returns as (
    select * from {{ ref('returns') }}
),

refunds as (
    select * from {{ ref('refunds') }}
),

reviews as (
    select * from {{ ref('reviews') }}
),

tickets as (
    select * from {{ ref('tickets') }}
),

messages as (
    select * from {{ ref('messages') }}
),

-- What was sent back later was bought all the same.
orders as (
    select * from {{ ref('orders') }}
    where is_valid or invalid_reason = 'fully_refunded'
),

heard as (
    select
        tickets.ticket_id,
        min_by(experiences.kind, experiences.experience_id) as kind
    from tickets
    inner join experiences
        on
            tickets.customer_id = experiences.customer_id
            and experiences.kind not in ('low_csat', 'breached_ticket')
            and tickets.opened_on >= experiences.opened_on
    where {{ days_between('experiences.opened_on', 'tickets.opened_on') }} <= {{ threshold('silence_days') }}
    group by tickets.ticket_id
),

-- What was said of an order before it came back counts, too. A return for a change of mind is nothing to complain of.
troubles as (
    select
        experiences.customer_id,
        experiences.experience_id as source_id,
        coalesce(shipments.source_name, returns.source_name) as source_name,
        experiences.kind as detail,
        experiences.opened_on as happened_on,
        case
            when experiences.kind = 'bad_return' then least(orders.ordered_on, experiences.opened_on)
            else experiences.opened_on
        end as heard_from
    from experiences
    left join shipments on experiences.source_id = shipments.shipment_id
    left join returns on experiences.source_id = returns.return_id
    left join orders on experiences.order_id = orders.order_id
    where experiences.kind in ('late_parcel', 'exception', 'bad_return')
),

-- Money that went back, and nobody said why.
paid_back as (
    select
        refunds.customer_id,
        'refund:' || refunds.refund_id as source_id,
        min(refunds.source_name) as source_name,
        'refund' as detail,
        min(refunds.refunded_on) as happened_on,
        min(orders.ordered_on) as heard_from
    from refunds
    inner join orders on refunds.order_id = orders.order_id
    anti join returns on refunds.order_id = returns.order_id and returns.reason is not null
    where refunds.kind in ('goods', 'amount')
    group by refunds.customer_id, refunds.refund_id
),

mails as (
    select
        customer_id,
        message_id,
        source_name,
        messaged_at,
        messaged_on,
        case
            when coalesce(opened_at, clicked_at) < {{ days_later('messaged_at', threshold('open_days')) }} then 1 else 0
        end as is_opened
    from messages
    where channel = 'email' and delivered_at is not null and customer_id is not null
),

numbered_mails as (
    select
        *,
        row_number() over (partition by customer_id order by messaged_at, message_id) as mail_number,
        sum(is_opened) over (
            partition by customer_id order by messaged_at, message_id rows between unbounded preceding and current row
        ) as opened_count
    from mails
),

-- The last opened one of so many, and from there on.
streaks as (
    select
        customer_id,
        opened_count,
        min(mail_number) as opened_number,
        min(messaged_on) as opened_on,
        cast({{ threshold('unopened_mails') }} as int) as unopened_mails
    from numbered_mails
    where opened_count > 0
    group by customer_id, opened_count
    having count(*) > {{ threshold('unopened_mails') }}
),

unread as (
    select
        streaks.customer_id,
        'mails:' || last_mails.message_id as source_id,
        last_mails.source_name,
        'mails' as detail,
        streaks.opened_on as happened_on,
        streaks.opened_on as heard_from,
        {{ add_days('last_mails.messaged_on', threshold('open_days')) }} as heard_until
    from streaks
    inner join numbered_mails as last_mails
        on
            streaks.customer_id = last_mails.customer_id
            and streaks.opened_number + streaks.unopened_mails = last_mails.mail_number
    left join numbered_mails as mails_before
        on
            streaks.customer_id = mails_before.customer_id
            and streaks.opened_number - streaks.unopened_mails = mails_before.mail_number
    where
        streaks.opened_number >= streaks.unopened_mails
        and streaks.opened_count - coalesce(mails_before.opened_count, 0)
        >= {{ threshold('reader_share') }} * streaks.unopened_mails
),

quiet as (
    {%- for relation in ['troubles', 'paid_back'] %}
    select
        *,
        {{ add_days('happened_on', threshold('silence_days')) }} as heard_until
    from {{ relation }}
    union all
    {%- endfor %}
    select * from unread
),

-- Who sends something back speaks of the parcel, not of what was sent back.
words as (
    select
        customer_id,
        opened_on as said_on,
        false as is_return
    from tickets
    union all
    select
        customer_id,
        reviewed_on as said_on,
        false as is_return
    from reviews
    union all
    select
        customer_id,
        requested_on as said_on,
        true as is_return
    from returns
),

-- What happened before anybody could speak is not passed over in silence.
first_words as (
    select min(said_on) as said_on
    from words
    where not is_return
),

silences as (
    select quiet.*
    from quiet
    inner join first_words on quiet.happened_on >= first_words.said_on
    anti join words
        on
            quiet.customer_id = words.customer_id
            and quiet.heard_from <= words.said_on
            and quiet.heard_until >= words.said_on
            and (not words.is_return or quiet.detail not in ('bad_return', 'refund'))
    anti join orders
        on
            quiet.customer_id = orders.customer_id
            and quiet.happened_on <= orders.ordered_on
            and quiet.heard_until >= orders.ordered_on
            and orders.sales_channel <> 'subscription'
),

signals as (
    select
        'bad_review' as signal,
        reviews.review_id as source_id,
        reviews.source_name,
        reviews.customer_id,
        reviews.reviewed_at as signalled_at,
        cast(reviews.score as string) as detail
    from reviews
    inner join experiences on experiences.kind = 'low_review' and reviews.review_id = experiences.source_id
    union all
    select
        'opt_out' as signal,
        concat_ws(
            ':',
            customer_id, channel, purpose,
            cast(row_number() over (partition by customer_id, channel, purpose order by valid_from) as string)
        ) as source_id,
        source as source_name,
        customer_id,
        valid_from as signalled_at,
        channel as detail
    from {{ ref('consents') }}
    where state = 'unsubscribed' and valid_from is not null
    union all
    select
        'message_complaint' as signal,
        message_id as source_id,
        source_name,
        customer_id,
        complained_at as signalled_at,
        message_class as detail
    from messages
    where complained_at is not null
    union all
    select
        'wrote_to_us' as signal,
        tickets.ticket_id as source_id,
        tickets.source_name,
        tickets.customer_id,
        tickets.opened_at as signalled_at,
        heard.kind as detail
    from tickets
    inner join heard on tickets.ticket_id = heard.ticket_id
    union all
    select
        'silence' as signal,
        silences.source_id,
        silences.source_name,
        silences.customer_id,
        {{ day_begins(add_days('silences.heard_until', 1)) }} as signalled_at,
        silences.detail
    from silences
    cross join point_in_time
    where silences.heard_until < point_in_time.as_of
)

select
    signals.signal || ':' || signals.source_id as signal_id,
    signals.customer_id,
    signals.signal,
    signals.source_name,
    signals.signalled_at,
    cast({{ utc_to_local('signals.signalled_at', 'point_in_time.reporting_timezone') }} as date) as signalled_on,
    signals.detail
from signals
cross join point_in_time
where signals.customer_id is not null
