-- One person of int_metrics__first_experiences who had not bought again within step_days of the first order, which
-- steps of the ladder the person took in those days, and whether the person bought again after them. Who comes back in
-- those days has less time for steps, and who comes back because of one did so after it: so everybody is watched from
-- the same day on. A step taken before the first order is null: it was no answer to it.
{%- set steps = {
    'review_step': 'reviewed', 'referral_step': 'referred', 'loyalty_step': 'joined', 'subscription_step': 'subscribed',
    'opt_in_step': 'opted_in',
} %}
with

experiences as (
    select * from {{ ref('int_metrics__first_experiences') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

first_days as (
    select
        customer_id,
        ordered_on,
        {{ add_days('ordered_on', threshold('step_days')) }} as steps_end_on,
        {{ add_days('ordered_on', threshold('driver_outcome_days')) }} as outcome_ends_on,
        next_ordered_on
    from {{ ref('int_metrics__purchase_days') }}
    where day_number = 1
),

watched as (
    select * from first_days
    where coalesce(next_ordered_on > steps_end_on, true)
),

taken as (
    select
        'reviewed' as step,
        customer_id,
        reviewed_on as taken_on
    from {{ ref('reviews') }}
    union all
    select
        'referred' as step,
        referrals.advocate_customer_id as customer_id,
        cast({{ utc_to_local('referrals.invited_at', 'point_in_time.reporting_timezone') }} as date) as taken_on
    from {{ ref('referrals') }} as referrals
    cross join point_in_time
    union all
    select
        'joined' as step,
        identifiers.customer_id,
        cast({{ utc_to_local('identifiers.first_seen_at', 'point_in_time.reporting_timezone') }} as date) as taken_on
    from {{ ref('customer_identifiers') }} as identifiers
    cross join point_in_time
    where identifiers.identifier_type = 'loyalty_id'
    union all
    select
        'subscribed' as step,
        customer_id,
        started_on as taken_on
    from {{ ref('subscriptions') }}
    union all
    select
        'opted_in' as step,
        consents.customer_id,
        cast({{ utc_to_local('consents.valid_from', 'point_in_time.reporting_timezone') }} as date) as taken_on
    from {{ ref('consents') }} as consents
    cross join point_in_time
    where consents.purpose = 'marketing' and consents.state = 'subscribed'
),

first_taken as (
    select
        customer_id,
        step,
        min(taken_on) as taken_on
    from taken
    where customer_id is not null
    group by customer_id, step
),

told as (
    select distinct step from first_taken
),

judged as (
    select
        watched.customer_id,
        told.step,
        case
            when first_taken.taken_on < watched.ordered_on then null
            when first_taken.taken_on <= watched.steps_end_on then 'taken'
            else 'not_taken'
        end as level
    from watched
    cross join told
    left join first_taken on watched.customer_id = first_taken.customer_id and told.step = first_taken.step
),

ladders as (
    select
        customer_id,
        {%- for column, step in steps.items() %}
        max(case when step = '{{ step }}' then level end) as {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from judged
    group by customer_id
)

select
    experiences.customer_id,
    coalesce(watched.next_ordered_on <= watched.outcome_ends_on, false) as came_back,
    experiences.first_quarter,
    experiences.country_code,
    experiences.sales_channel,
    experiences.category,
    experiences.discount,
    experiences.value_band,
    {%- for column in steps %}
    ladders.{{ column }}{{ ',' if not loop.last }}
    {%- endfor %}
from experiences
inner join watched on experiences.customer_id = watched.customer_id
left join ladders on experiences.customer_id = ladders.customer_id
