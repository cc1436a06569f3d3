-- One metric of what was done, and said, when something went wrong or was sent back, day and segment: what counts above
-- the line and below it that day, and the squares of what is counted where it is more than yes or no.
with

experiences as (
    select * from {{ ref('bad_experiences') }}
),

parcels as (
    select
        experiences.experience_id,
        experiences.customer_id,
        experiences.kind,
        experiences.opened_on,
        experiences.resolved_on,
        shipments.carrier,
        least(shipments.shipped_on, experiences.opened_on) as told_from,
        {{ add_days('experiences.opened_on', threshold('care_days')) }} as told_until
    from experiences
    inner join {{ ref('shipments') }} as shipments
        on experiences.experience_id = experiences.kind || ':' || shipments.shipment_id
    where experiences.kind in ('late_parcel', 'exception')
),

messages as (
    select
        customer_id,
        message_class,
        messaged_at,
        messaged_on
    from {{ ref('messages') }}
    where message_class in ('service', 'promotional') and failed_at is null and customer_id is not null
),

notices as (
    select distinct
        customer_id,
        messaged_on as told_on
    from messages
    where message_class = 'service'
),

words as (
    select
        customer_id,
        opened_on as said_on
    from {{ ref('tickets') }}
    union all
    select
        customer_id,
        reviewed_on as said_on
    from {{ ref('reviews') }}
    union all
    select
        customer_id,
        requested_on as said_on
    from {{ ref('returns') }}
),

-- A notice is proactive until the day on which the parcel became late. Told within care_days is addressed.
handled as (
    select
        parcels.experience_id,
        parcels.kind,
        parcels.opened_on,
        parcels.carrier,
        coalesce(min(notices.told_on) <= parcels.opened_on, false) as is_told_in_time,
        coalesce(parcels.resolved_on <= parcels.told_until, false)
        or coalesce(max(notices.told_on) >= parcels.opened_on, false) as is_addressed
    from parcels
    left join notices
        on
            parcels.customer_id = notices.customer_id
            and parcels.told_from <= notices.told_on
            and parcels.told_until >= notices.told_on
    group by
        parcels.experience_id, parcels.kind, parcels.opened_on, parcels.carrier, parcels.resolved_on,
        parcels.told_until
),

people_days as (
    select distinct
        customer_id,
        opened_on,
        {{ add_days('opened_on', threshold('silence_days')) }} as heard_until
    from parcels
),

silences as (
    select
        people_days.opened_on,
        people_days.customer_id,
        count(words.said_on) = 0 as is_silent
    from people_days
    left join words
        on
            people_days.customer_id = words.customer_id
            and people_days.opened_on <= words.said_on
            and people_days.heard_until >= words.said_on
    group by people_days.opened_on, people_days.customer_id
),

bad_reviews as (
    select
        reviews.review_id,
        reviews.customer_id,
        reviews.reviewed_at,
        reviews.reviewed_on
    from {{ ref('reviews') }} as reviews
    inner join experiences on experiences.experience_id = 'low_review:' || reviews.review_id
),

promoted as (
    select distinct bad_reviews.review_id
    from bad_reviews
    inner join messages
        on
            messages.message_class = 'promotional'
            and bad_reviews.customer_id = messages.customer_id
            and bad_reviews.reviewed_at < messages.messaged_at
            and {{ add_days('bad_reviews.reviewed_on', 7) }} >= messages.messaged_on
),

asked_for_help as (
    select distinct order_id
    from {{ ref('tickets') }}
    where order_id is not null
),

sent_back as (
    select
        returns.requested_on,
        returns.filed_by,
        asked_for_help.order_id is null as needed_no_help,
        {{ days_between(
            'returns.requested_on',
            "cast(" ~ utc_to_local('returns.refunded_at', 'point_in_time.reporting_timezone') ~ " as date)"
        ) }} as refund_days
    from {{ ref('returns') }} as returns
    cross join {{ ref('point_in_time') }} as point_in_time
    left join asked_for_help on returns.order_id = asked_for_help.order_id
    where returns.requested_on is not null and returns.order_id is not null
),

observed as (
    select
        'proactive_notice_rate' as metric,
        opened_on as counted_on,
        carrier,
        case when is_told_in_time then 1 else 0 end as numerator
    from handled
    where kind = 'late_parcel'
    union all
    select
        'unaddressed_exception_rate' as metric,
        opened_on as counted_on,
        carrier,
        case when is_addressed then 0 else 1 end as numerator
    from handled
    where kind = 'exception'
    union all
    select
        'silent_dissatisfaction_rate' as metric,
        opened_on as counted_on,
        cast(null as string) as carrier,
        case when is_silent then 1 else 0 end as numerator
    from silences
    union all
    select
        'closed_loop_rate' as metric,
        opened_on as counted_on,
        cast(null as string) as carrier,
        case when resolved_on <= {{ add_days('opened_on', threshold('closed_loop_days')) }} then 1 else 0 end
            as numerator
    from experiences
    where kind in ('low_review', 'low_csat')
    union all
    select
        'promo_within_7d_of_bad_review' as metric,
        bad_reviews.reviewed_on as counted_on,
        cast(null as string) as carrier,
        case when promoted.review_id is not null then 1 else 0 end as numerator
    from bad_reviews
    left join promoted on bad_reviews.review_id = promoted.review_id
    union all
    select
        'self_service_return_rate' as metric,
        requested_on as counted_on,
        cast(null as string) as carrier,
        case when needed_no_help then 1 else 0 end as numerator
    from sent_back
    union all
    select
        'days_to_refund' as metric,
        requested_on as counted_on,
        cast(null as string) as carrier,
        refund_days as numerator
    from sent_back
    where refund_days >= 0
)

select
    metric,
    counted_on,
    'all' as segment_type,
    'all' as segment,
    sum(numerator) as numerator,
    count(*) as denominator,
    sum(numerator * numerator) as squares
from observed
group by metric, counted_on
union all
select
    metric,
    counted_on,
    'carrier' as segment_type,
    carrier as segment,
    sum(numerator) as numerator,
    count(*) as denominator,
    sum(numerator * numerator) as squares
from observed
where carrier is not null
group by metric, counted_on, carrier
