-- Grain: one thing that went wrong for one person. opened_on is the day on which it could be known, resolved_on the day
-- on which it was over, null while it is not. A complaint in a review or survey is over when the same person is
-- answered by the helpdesk or rates well later. Trap: one late parcel often shows as parcel, ticket and review: count
-- people.
with

shipments as (
    select * from {{ ref('shipments') }}
),

reviews as (
    select * from {{ ref('reviews') }}
),

tickets as (
    select
        tickets.*,
        cast({{ utc_to_local('tickets.csat_scored_at', 'point_in_time.reporting_timezone') }} as date) as scored_on,
        cast({{ utc_to_local('tickets.sla_due_at', 'point_in_time.reporting_timezone') }} as date) as sla_due_on,
        cast({{ utc_to_local('tickets.first_responded_at', 'point_in_time.reporting_timezone') }} as date)
            as first_responded_on
    from {{ ref('tickets') }} as tickets
    cross join {{ ref('point_in_time') }} as point_in_time
),

returns as (
    select
        returns.*,
        cast({{ utc_to_local(
            'coalesce(returns.refunded_at, returns.resolved_at)', 'point_in_time.reporting_timezone'
        ) }} as date) as settled_on
    from {{ ref('returns') }} as returns
    cross join {{ ref('point_in_time') }} as point_in_time
),

return_reasons as (
    select * from {{ ref('int_returns__reasons') }}
),

bad_scores as (
    select * from {{ ref('satisfaction_rules') }}
    where counts_as = 'bad'
),

good_scores as (
    select * from {{ ref('satisfaction_rules') }}
    where counts_as = 'good'
),

complaints as (
    select
        'low_review' as kind,
        reviews.review_id as source_id,
        reviews.customer_id,
        reviews.order_id,
        reviews.reviewed_on as opened_on
    from reviews
    inner join bad_scores
        on
            bad_scores.evidence = 'review'
            and reviews.score >= bad_scores.at_least
            and reviews.score <= coalesce(bad_scores.at_most, reviews.score)
    union all
    select
        'low_csat' as kind,
        tickets.ticket_id as source_id,
        tickets.customer_id,
        tickets.order_id,
        tickets.scored_on as opened_on
    from tickets
    inner join bad_scores
        on
            bad_scores.evidence = 'csat'
            and tickets.csat_score >= bad_scores.at_least
            and tickets.csat_score <= coalesce(bad_scores.at_most, tickets.csat_score)
),

made_good as (
    select
        customer_id,
        first_responded_on as made_good_on
    from tickets
    where first_responded_on is not null
    union all
    select
        reviews.customer_id,
        reviews.reviewed_on as made_good_on
    from reviews
    inner join good_scores
        on
            good_scores.evidence = 'review'
            and reviews.score >= good_scores.at_least
            and reviews.score <= coalesce(good_scores.at_most, reviews.score)
),

answers as (
    select
        complaints.kind,
        complaints.source_id,
        min(made_good.made_good_on) as resolved_on
    from complaints
    inner join made_good
        on complaints.customer_id = made_good.customer_id and complaints.opened_on < made_good.made_good_on
    group by complaints.kind, complaints.source_id
),

experiences as (
    select
        complaints.kind,
        complaints.source_id,
        complaints.customer_id,
        complaints.order_id,
        complaints.opened_on,
        answers.resolved_on
    from complaints
    left join answers on complaints.kind = answers.kind and complaints.source_id = answers.source_id
    union all
    select
        'late_parcel' as kind,
        shipment_id as source_id,
        customer_id,
        order_id,
        {{ add_days('promised_on', 1) }} as opened_on,
        delivered_on as resolved_on
    from shipments
    where is_late
    union all
    select
        'exception' as kind,
        shipment_id as source_id,
        customer_id,
        order_id,
        cast(exception_opened_at as date) as opened_on,
        cast(exception_resolved_at as date) as resolved_on
    from shipments
    where exception_opened_at is not null
    union all
    select
        'breached_ticket' as kind,
        ticket_id as source_id,
        customer_id,
        order_id,
        sla_due_on as opened_on,
        first_responded_on as resolved_on
    from tickets
    where sla_breached
    union all
    select
        'bad_return' as kind,
        returns.return_id as source_id,
        returns.customer_id,
        returns.order_id,
        returns.requested_on as opened_on,
        returns.settled_on as resolved_on
    from returns
    left join return_reasons on returns.reason = return_reasons.reason
    where return_reasons.is_bad or returns.return_state = 'rejected'
)

select
    kind || ':' || source_id as experience_id,
    source_id,
    customer_id,
    order_id,
    kind,
    opened_on,
    case when resolved_on is not null then greatest(resolved_on, opened_on) end as resolved_on
from experiences
where customer_id is not null and opened_on is not null
