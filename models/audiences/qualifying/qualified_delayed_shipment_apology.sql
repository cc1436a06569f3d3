-- Grain: one parcel that is late and on its way, by what carriers say and never by a complaint. It is late from the end
-- of the promised day; a parcel of which nobody can say (is_late null) is not. A delivery attempt ends it.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

shipments as (
    select * from {{ ref('shipments') }}
    where
        is_late
        and first_attempted_on is null
        and delivered_on is null
        and shipment_state not in ('returning', 'returned')
        and customer_id is not null
),

orders as (
    select * from {{ ref('orders') }}
),

parcel_orders as (
    select
        parcels.shipment_id,
        max(case when orders.is_first_order then 1 else 0 end) = 1 as has_first_order
    from {{ ref('shipment_orders') }} as parcels
    inner join orders on parcels.order_id = orders.order_id
    group by parcels.shipment_id
)

select
    '*' as kind,
    shipments.customer_id,
    shipments.shipment_id as subject,
    {{ day_begins(add_days('shipments.promised_on', 1)) }} as triggered_at,
    cast(null as timestamp) as ends_at,
    'A parcel is late and on its way' as reason,
    {{ json_object({
        'order_id': json_string('shipments.order_id'),
        'is_first_order': json_number('coalesce(parcel_orders.has_first_order, orders.is_first_order)'),
        'promised_on': json_day('shipments.promised_on'),
        'delay_days': json_number('shipments.delay_days'),
        'carrier': json_string('shipments.carrier'),
    }) | indent(4) }} as reason_detail,
    cast(null as string) as product_family,
    cast(0 as decimal(18, 2)) as expected_spend
from shipments
cross join point_in_time
left join orders on shipments.order_id = orders.order_id
left join parcel_orders on shipments.shipment_id = parcel_orders.shipment_id
where
    {{ add_days('shipments.promised_on', 1) }} <= point_in_time.as_of
    -- Nobody waits for what was given up.
    and coalesce(orders.invalid_reason not in ('cancelled', 'voided', 'fully_refunded'), true)
