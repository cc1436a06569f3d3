-- One person whose first valid order has been watched for driver_outcome_days: what that order was, how it went, and
-- whether the person bought again on a later day within them.
with

first_days as (
    select
        customer_id,
        ordered_on,
        next_ordered_on,
        {{ days_between('ordered_on', 'next_ordered_on') }} <= {{ threshold('driver_outcome_days') }} as came_back
    from {{ ref('int_metrics__purchase_days') }}
    cross join {{ ref('point_in_time') }}
    where day_number = 1 and {{ add_days('ordered_on', threshold('driver_outcome_days')) }} <= as_of
),

lines as (
    select
        order_id,
        product_family,
        category,
        row_number() over (partition by order_id order by net_revenue desc, order_line_id asc) as position
    from {{ ref('order_lines') }}
),

first_orders as (
    select * from {{ ref('orders') }}
    where is_first_order
),

parcels as (
    select
        shipment_orders.order_id,
        max(case when shipments.is_late then 1 when not shipments.is_late then 0 end) as is_late
    from {{ ref('shipments') }} as shipments
    inner join {{ ref('shipment_orders') }} as shipment_orders
        on shipments.shipment_id = shipment_orders.shipment_id
    group by shipment_orders.order_id
),

-- Questions of the first days, before anybody came back: later ones are asked by those who stay.
replies as (
    select
        tickets.customer_id,
        max(case when tickets.sla_breached then 1 when not tickets.sla_breached then 0 end) as is_breached
    from {{ ref('tickets') }} as tickets
    inner join first_days on tickets.customer_id = first_days.customer_id
    where
        tickets.opened_on >= first_days.ordered_on
        and tickets.opened_on <= {{ add_days('first_days.ordered_on', threshold('step_days')) }}
        and tickets.opened_on < coalesce(first_days.next_ordered_on, date '9999-12-31')
    group by tickets.customer_id
),

visits as (
    select * from {{ ref('int_customers__visits') }}
),

-- Only who was recognised on the site before the order is known to have seen much or little.
looks as (
    select
        first_orders.order_id,
        sum(sessions.product_view_count) as product_view_count
    from first_orders
    inner join {{ ref('web_sessions') }} as sessions
        on
            first_orders.customer_id = sessions.customer_id
            and first_orders.ordered_at >= sessions.started_at
            and first_orders.ordered_on >= sessions.recognised_on
    group by first_orders.order_id
)

select
    first_orders.customer_id,
    coalesce(first_days.came_back, false) as came_back,
    year(first_orders.ordered_on) * 10 + quarter(first_orders.ordered_on) as first_quarter,
    coalesce(first_orders.country_code, 'unknown') as country_code,
    first_orders.sales_channel,
    coalesce(lines.category, 'unknown') as category,
    coalesce(lines.product_family, 'unknown') as product_family,
    case when first_orders.discount_amount > 0 then 'discounted' else 'full_price' end as discount,
    {{ value_band('first_orders.net_revenue_reporting') }} as value_band,
    coalesce(visits.acquisition_source, 'unknown') as acquisition_source,
    case parcels.is_late when 1 then 'late' when 0 then 'on_time' end as delivery,
    case replies.is_breached when 1 then 'late' when 0 then 'in_time' end as first_reply,
    case
        when looks.product_view_count >= {{ threshold('many_product_views') }} then 'much'
        when looks.product_view_count is not null then 'little'
    end as content_seen
from first_orders
inner join first_days on first_orders.customer_id = first_days.customer_id
left join lines on first_orders.order_id = lines.order_id and lines.position = 1
left join parcels on first_orders.order_id = parcels.order_id
left join replies on first_orders.customer_id = replies.customer_id
left join visits on first_orders.customer_id = visits.customer_id
left join looks on first_orders.order_id = looks.order_id
