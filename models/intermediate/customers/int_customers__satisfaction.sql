-- One person with evidence of the last satisfaction_days: reviews, answered surveys of the helpdesk, parcels later than
-- their first promise (by its day), returns. What each counts as is in seeds/satisfaction_rules.csv. A parcel without
-- scans and a survey without an answer are no evidence.
with

days as (
    select
        reporting_timezone,
        {{ add_days('as_of', '1 - ' ~ threshold('satisfaction_days')) }} as counted_from
    from {{ ref('point_in_time') }}
),

rules as (
    select * from {{ ref('satisfaction_rules') }}
),

surveys as (
    select
        tickets.customer_id,
        tickets.csat_score,
        cast({{ utc_to_local(
            'coalesce(tickets.csat_scored_at, tickets.opened_at)', 'days.reporting_timezone'
        ) }} as date) as scored_on
    from {{ ref('tickets') }} as tickets
    cross join days
    where tickets.csat_score is not null
),

pieces as (
    select
        'review' as evidence,
        customer_id,
        reviewed_on as happened_on,
        score as amount
    from {{ ref('reviews') }}
    union all
    select
        'csat' as evidence,
        customer_id,
        scored_on as happened_on,
        csat_score as amount
    from surveys
    union all
    select
        'late_parcel' as evidence,
        customer_id,
        promised_on as happened_on,
        delay_days as amount
    from {{ ref('shipments') }}
    where is_late
    union all
    select
        'return' as evidence,
        customer_id,
        requested_on as happened_on,
        quantity as amount
    from {{ ref('returns') }}
),

counted as (
    select
        pieces.customer_id,
        rules.label,
        rules.counts_as,
        count(*) as piece_count
    from pieces
    cross join days
    inner join rules
        on
            pieces.evidence = rules.evidence
            and pieces.amount >= rules.at_least
            and pieces.amount <= coalesce(rules.at_most, pieces.amount)
    where pieces.customer_id is not null and pieces.happened_on >= days.counted_from
    group by pieces.customer_id, rules.label, rules.counts_as
),

weighed as (
    select
        customer_id,
        max(case when counts_as = 'good' then 1 else 0 end) as has_good,
        max(case when counts_as = 'bad' then 1 else 0 end) as has_bad,
        '{' || {{ join_texts(json_string('label') ~ " || ': ' || cast(piece_count as string)", ', ', 'label') }} || '}'
            as satisfaction_evidence
    from counted
    group by customer_id
)

select
    customer_id,
    case
        when has_good > has_bad then 'satisfied'
        when has_bad > has_good then 'dissatisfied'
        else 'mixed'
    end as satisfaction_state,
    satisfaction_evidence
from weighed
