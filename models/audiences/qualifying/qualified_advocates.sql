-- Grain: one piece of praise by a person who is content (satisfied, nothing bad in satisfaction_days): a review of the
-- highest mark, or a friend who came and bought. Somebody who refers himself praises nothing.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

customers as (
    select * from {{ ref('customers') }}
    where satisfaction_state = 'satisfied'
),

praise as (
    select
        'review' as kind,
        review_id as subject,
        customer_id,
        reviewed_at as praised_at
    from {{ ref('reviews') }}
    where score >= {{ threshold('advocate_stars') }}
    union all
    select
        'referral' as kind,
        referral_id as subject,
        advocate_customer_id as customer_id,
        completed_at as praised_at
    from {{ ref('referrals') }}
    where referral_state = 'completed' and not is_self_referral
)

select
    '*' as kind,
    customers.customer_id,
    praise.kind || ' ' || praise.subject as subject,
    praise.praised_at as triggered_at,
    cast(null as timestamp) as ends_at,
    case praise.kind
        when 'review' then 'Content, and gave the highest mark'
        else 'Content, and brought a friend'
    end as reason,
    {{ json_object({
        'praised_by': json_string('praise.kind'),
    }) | indent(4) }} as reason_detail,
    cast(null as string) as product_family,
    cast(coalesce(customers.average_order_value, 0) as decimal(18, 2)) as expected_spend
from praise
cross join point_in_time
inner join customers on praise.customer_id = customers.customer_id
where praise.praised_at < point_in_time.cut_at
