-- One person who was recognised on the site: what was looked at, and what brought the person first. Days are those on
-- which a visit began. A visit counts as what brought a buyer if it began before the first valid order or led to it;
-- one of later years did not, nor one of which nobody knew at the first order whose it was.
with

visits as (
    select
        session_id,
        customer_id,
        started_at,
        started_on,
        recognised_on,
        channel,
        order_id,
        product_view_count,
        cart_add_count
    from {{ ref('web_sessions') }}
    where customer_id is not null
),

first_orders as (
    select
        customer_id,
        order_id,
        ordered_at,
        ordered_on
    from {{ ref('orders') }}
    where is_first_order
),

days as (
    select {{ add_days('as_of', '1 - ' ~ threshold('interest_days')) }} as counted_from
    from {{ ref('point_in_time') }}
),

interest as (
    select
        visits.customer_id,
        max(visits.started_on) filter (where visits.product_view_count > 0) as last_product_viewed_on,
        sum(visits.product_view_count) filter (where visits.started_on >= days.counted_from) as product_view_count,
        max(visits.started_on) filter (where visits.cart_add_count > 0) as last_cart_added_on,
        sum(visits.cart_add_count) filter (where visits.started_on >= days.counted_from) as cart_add_count
    from visits
    cross join days
    group by visits.customer_id
),

early_visits as (
    select
        visits.customer_id,
        visits.session_id,
        visits.started_at,
        visits.channel
    from visits
    left join first_orders on visits.customer_id = first_orders.customer_id
    where
        first_orders.order_id is null
        or (visits.started_at <= first_orders.ordered_at and visits.recognised_on <= first_orders.ordered_on)
        or visits.order_id = first_orders.order_id
),

first_times as (
    select
        customer_id,
        min(started_at) as started_at
    from early_visits
    group by customer_id
),

acquisitions as (
    select
        early_visits.customer_id,
        min_by(early_visits.channel, early_visits.session_id) as acquisition_source
    from early_visits
    inner join first_times
        on early_visits.customer_id = first_times.customer_id and early_visits.started_at = first_times.started_at
    group by early_visits.customer_id
)

select
    interest.customer_id,
    interest.last_product_viewed_on,
    cast(coalesce(interest.product_view_count, 0) as bigint) as product_views_90d,
    interest.last_cart_added_on,
    cast(coalesce(interest.cart_add_count, 0) as bigint) as cart_adds_90d,
    acquisitions.acquisition_source
from interest
left join acquisitions on interest.customer_id = acquisitions.customer_id
