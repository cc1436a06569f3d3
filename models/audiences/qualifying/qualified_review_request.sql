-- Grain: one order all of whose parcels came, none of them late, some days ago, that nobody reviewed or sent back. A
-- parcel of which nobody can say whether it was late was not. Trap: a review that names no order is taken for one of
-- every order before it, since asking twice is worse than not asking.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

settings as (
    select
        cast({{ threshold('review_request_days') }} as int) as wait_days,
        cast({{ threshold('review_request_until_days') }} as int) as until_days
),

parcels as (
    select
        shipment_orders.order_id,
        max(shipments.delivered_on) as delivered_on
    from {{ ref('shipment_orders') }} as shipment_orders
    inner join {{ ref('shipments') }} as shipments on shipment_orders.shipment_id = shipments.shipment_id
    group by shipment_orders.order_id
    having
        count(*) = count(shipments.delivered_on)
        and max(case when shipments.is_late then 1 else 0 end) = 0
),

recent as (
    select
        parcels.order_id,
        parcels.delivered_on,
        {{ day_begins(add_days('parcels.delivered_on', 'settings.wait_days')) }} as triggered_at,
        {{ day_begins(add_days('parcels.delivered_on', 'settings.until_days')) }} as ends_at
    from parcels
    cross join settings
    cross join point_in_time
    where
        {{ add_days('parcels.delivered_on', 'settings.wait_days') }} <= point_in_time.as_of
        and {{ add_days('parcels.delivered_on', 'settings.until_days') }} > {{ add_days('point_in_time.as_of', 1) }}
),

orders as (
    select * from {{ ref('orders') }}
    where is_valid and customer_id is not null
),

reviewed as (
    select distinct order_id
    from {{ ref('reviews') }}
    where order_id is not null
),

reviewers as (
    select
        customer_id,
        max(reviewed_on) as last_reviewed_on
    from {{ ref('reviews') }}
    where order_id is null and customer_id is not null
    group by customer_id
),

sent_back as (
    select distinct order_id
    from {{ ref('returns') }}
    where order_id is not null
),

customers as (
    select * from {{ ref('customers') }}
)

select
    '*' as kind,
    orders.customer_id,
    orders.order_id as subject,
    recent.triggered_at,
    recent.ends_at,
    'An order came in time and was not reviewed' as reason,
    {{ json_object({
        'order_id': json_string('orders.order_id'),
        'delivered_on': json_day('recent.delivered_on'),
    }) | indent(4) }} as reason_detail,
    cast(null as string) as product_family,
    cast(coalesce(customers.average_order_value, 0) as decimal(18, 2)) as expected_spend
from recent
inner join orders on recent.order_id = orders.order_id
inner join customers on orders.customer_id = customers.customer_id
left join reviewed on orders.order_id = reviewed.order_id
left join reviewers on orders.customer_id = reviewers.customer_id
left join sent_back on orders.order_id = sent_back.order_id
where
    reviewed.order_id is null
    and sent_back.order_id is null
    and coalesce(reviewers.last_reviewed_on < orders.ordered_on, true)
