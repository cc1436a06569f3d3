-- Grain: one sign that a person turns away. Of the six of the articles four can be seen: a bad review, an opt-out, a
-- complaint about a message, and writing to the shop after something went wrong. Posts, talk among friends and
-- unfollowing are in no system that the project reads.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

experiences as (
    select * from {{ ref('bad_experiences') }}
),

tickets as (
    select * from {{ ref('tickets') }}
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

signals as (
    select
        'bad_review' as signal,
        reviews.review_id as source_id,
        reviews.source_name,
        reviews.customer_id,
        reviews.reviewed_at as signalled_at,
        cast(reviews.score as string) as detail
    from {{ ref('reviews') }} as reviews
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
    from {{ ref('messages') }}
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
