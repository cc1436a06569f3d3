-- One metric of what was done, and said, when something went wrong or was sent back, day and segment: what counts above
-- the line and below it that day, and the squares of what is counted where it is more than yes or no.
{%- set segment_types = {'all': "'all'", 'carrier': 'carrier'} %}
{#- What nobody could have told counts from the first day on which somebody could. -#}
{%- set first_message = '(select min(messaged_on) from messages)' %}
{%- set shares = {
    'proactive_notice_rate': ('handled', 'opened_on', "kind = 'late_parcel' and opened_on >= " ~ first_message, 'is_told_in_time'),
    'unaddressed_exception_rate': ('handled', 'opened_on', "kind = 'exception' and opened_on >= " ~ first_message, 'not is_addressed'),
    'silent_dissatisfaction_rate': (
        'silences', 'opened_on', 'opened_on >= (select min(said_on) from words)', 'is_silent'
    ),
    'closed_loop_rate': ('complaints', 'opened_on', 'true', 'is_answered'),
    'promo_within_7d_of_bad_review': (
        'judged_reviews', 'reviewed_on', 'reviewed_on >= ' ~ first_message, 'is_promoted'
    ),
    'self_service_return_rate': ('sent_back', 'requested_on', 'filed_by is not null', "filed_by = 'shopper'"),
} %}
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
        on experiences.source_id = shipments.shipment_id
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
    inner join experiences on reviews.review_id = experiences.source_id and experiences.kind = 'low_review'
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

judged_reviews as (
    select
        bad_reviews.reviewed_on,
        promoted.review_id is not null as is_promoted
    from bad_reviews
    left join promoted on bad_reviews.review_id = promoted.review_id
),

complaints as (
    select
        opened_on,
        coalesce(resolved_on <= {{ add_days('opened_on', threshold('closed_loop_days')) }}, false) as is_answered
    from experiences
    where kind in ('low_review', 'low_csat')
),

sent_back as (
    select
        returns.requested_on,
        returns.filed_by,
        {{ days_between(
            'returns.requested_on',
            "cast(" ~ utc_to_local('returns.refunded_at', 'point_in_time.reporting_timezone') ~ " as date)"
        ) }} as refund_days
    from {{ ref('returns') }} as returns
    cross join {{ ref('point_in_time') }} as point_in_time
    where returns.requested_on is not null
),

observed as (
    {%- for metric, (relation, day, condition, hit) in shares.items() %}
    select
        '{{ metric }}' as metric,
        {{ day }} as counted_on,
        {{ 'carrier' if relation == 'handled' else 'cast(null as string)' }} as carrier,
        case when {{ hit }} then 1 else 0 end as numerator
    from {{ relation }}
    where {{ condition }}
    union all
    {%- endfor %}
    select
        'days_to_refund' as metric,
        requested_on as counted_on,
        cast(null as string) as carrier,
        refund_days as numerator
    from sent_back
    where refund_days >= 0
)

{%- for segment_type, segment in segment_types.items() %}
{{ 'union all' if not loop.first }}
select
    metric,
    counted_on,
    '{{ segment_type }}' as segment_type,
    {{ segment }} as segment,
    sum(numerator) as numerator,
    count(*) as denominator,
    sum(numerator * numerator) as squares
from observed
where {{ segment }} is not null
group by metric, counted_on, {{ segment }}
{%- endfor %}
