-- Grain: where people told us something, and the reason, over the 365 days to as_of: the Pareto list. reason is null
-- where nobody labelled it; such rows are counted, since a list of the labelled half misleads.
with

point_in_time as (
    select
        as_of,
        {{ add_days('as_of', -364) }} as counted_from
    from {{ ref('point_in_time') }}
),

return_reasons as (
    select * from {{ ref('int_returns__reasons') }}
),

bad_scores as (
    select * from {{ ref('satisfaction_rules') }}
    where evidence = 'review' and counts_as = 'bad'
),

contacts as (
    select
        'ticket' as told_in,
        topic as reason,
        customer_id,
        opened_on as told_on
    from {{ ref('tickets') }}
    union all
    select
        'return' as told_in,
        return_reasons.reason_group as reason,
        returns.customer_id,
        returns.requested_on as told_on
    from {{ ref('returns') }} as returns
    left join return_reasons on returns.reason = return_reasons.reason
    union all
    select
        'review' as told_in,
        case when bad_scores.label is not null then 'bad_review' else 'other_review' end as reason,
        reviews.customer_id,
        reviews.reviewed_on as told_on
    from {{ ref('reviews') }} as reviews
    left join bad_scores
        on reviews.score >= bad_scores.at_least and reviews.score <= coalesce(bad_scores.at_most, reviews.score)
),

counted as (
    select
        contacts.told_in,
        contacts.reason,
        count(*) as contact_count,
        count(distinct contacts.customer_id) as customer_count
    from contacts
    inner join point_in_time on contacts.told_on >= point_in_time.counted_from
    group by contacts.told_in, contacts.reason
),

ranked as (
    select
        *,
        row_number() over (partition by told_in order by contact_count desc, reason asc nulls last) as position,
        sum(contact_count) over (partition by told_in) as all_contacts,
        sum(contact_count) over (
            partition by told_in
            order by contact_count desc, reason asc nulls last rows between unbounded preceding and current row
        ) as contacts_so_far
    from counted
)

select
    told_in,
    reason,
    cast(position as bigint) as position,
    cast(contact_count as bigint) as contact_count,
    cast(customer_count as bigint) as customer_count,
    {{ significant(ratio('contact_count', 'all_contacts')) }} as share,
    {{ significant(ratio('contacts_so_far', 'all_contacts')) }} as cumulative_share,
    position = 1 and coalesce(reason = 'order_status', false) as is_tracking_alert
from ranked
