-- Grain: one person, with or without orders. Money is in the reporting currency; orders without an exchange rate
-- count as orders and carry no money. A fact that no system tells is null (or unknown); 0 means that it is told of
-- others and not of this person. Trap: refunds that name no order are not taken off any person's revenue, see refunds.
with

people as (
    select * from {{ ref('int_customers__people') }}
),

coverage as (
    select * from {{ ref('int_customers__coverage') }}
),

lifecycle as (
    select * from {{ ref('int_customers__lifecycle') }}
),

rhythm as (
    select * from {{ ref('int_customers__rhythm') }}
),

visits as (
    select * from {{ ref('int_customers__visits') }}
),

responses as (
    select * from {{ ref('int_customers__responses') }}
),

tastes as (
    select * from {{ ref('int_customers__tastes') }}
),

hours as (
    select * from {{ ref('int_customers__hours') }}
),

satisfaction as (
    select * from {{ ref('int_customers__satisfaction') }}
),

subscriptions as (
    select * from {{ ref('int_customers__subscriptions') }}
),

loyalty as (
    select * from {{ ref('int_customers__loyalty') }}
),

consents as (
    select * from {{ ref('int_customers__consents') }}
),

lifetime_scores as (
    select * from {{ ref('int_lifetime__scores') }}
),

households as (
    select * from {{ ref('int_households__members') }}
)

select
    people.customer_id,
    lifecycle.first_ordered_on,
    lifecycle.last_ordered_on,
    lifecycle.order_count,
    lifecycle.net_revenue,
    lifecycle.average_order_value,
    lifecycle.purchase_stage,
    lifecycle.activity_state,
    rhythm.churn_days,
    rhythm.churns_on,
    lifecycle.is_vip,
    visits.acquisition_source,
    lifecycle.first_order_source,
    lifecycle.first_order_channel,
    lifecycle.first_order_country,
    visits.last_product_viewed_on,
    case when coverage.has_visits then coalesce(visits.product_views_90d, 0) end as product_views_90d,
    visits.last_cart_added_on,
    case when coverage.has_visits then coalesce(visits.cart_adds_90d, 0) end as cart_adds_90d,
    responses.last_opened_on,
    case when coverage.has_responses then coalesce(responses.opens_90d, 0) end as opens_90d,
    responses.last_clicked_on,
    case when coverage.has_responses then coalesce(responses.clicks_90d, 0) end as clicks_90d,
    coalesce(satisfaction.satisfaction_state, 'unknown') as satisfaction_state,
    satisfaction.satisfaction_evidence,
    case when coverage.has_subscriptions then coalesce(subscriptions.active_subscription_count, 0) end
        as active_subscription_count,
    case when coverage.has_subscriptions then coalesce(subscriptions.subscribed_product_families, '[]') end
        as subscribed_product_families,
    responses.preferred_channel,
    responses.preferred_channel_answers,
    tastes.preferred_category,
    tastes.preferred_category_lines,
    tastes.preferred_brand,
    tastes.preferred_brand_lines,
    case when coverage.has_options then coalesce(tastes.option_preferences, '{}') end as option_preferences,
    hours.preferred_hour,
    hours.preferred_hour_days,
    {{ significant('lifetime_scores.probability_alive') }} as probability_alive,
    {{ money('lifetime_scores.predicted_value_365d') }} as predicted_value_365d,
    coalesce(consents.email_consent, 'unknown') as email_consent,
    coalesce(consents.sms_consent, 'unknown') as sms_consent,
    coalesce(consents.push_consent, 'unknown') as push_consent,
    loyalty.loyalty_programme,
    loyalty.loyalty_tier,
    loyalty.points_available,
    loyalty.next_points_expire_on,
    people.source_count,
    households.household_id,
    people.is_erased
from people
cross join coverage
inner join lifecycle on people.customer_id = lifecycle.customer_id
left join rhythm on people.customer_id = rhythm.customer_id
left join visits on people.customer_id = visits.customer_id
left join responses on people.customer_id = responses.customer_id
left join tastes on people.customer_id = tastes.customer_id
left join hours on people.customer_id = hours.customer_id
left join satisfaction on people.customer_id = satisfaction.customer_id
left join subscriptions on people.customer_id = subscriptions.customer_id
left join loyalty on people.customer_id = loyalty.customer_id
left join consents on people.customer_id = consents.customer_id
left join lifetime_scores on people.customer_id = lifetime_scores.customer_id
left join households on people.customer_id = households.customer_id
