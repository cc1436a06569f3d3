-- Grain: one parcel to a customer; return legs are not here. Days are the recipient's and are compared as days. is_late
-- judges the first delivery attempt (a failed one counts) against the first promise; while there was no attempt, as_of.
-- It is null, with the reason in unknown_reason, where nobody can say: no scan and Expired are unknown, neither late
-- nor lost. Trap: a parcel may hold several orders and an order several parcels, see shipment_orders.
with

shipments as (
    select * from {{ ref('int_shipments__unioned') }}
    where parcel_id = shipment_id
),

parcel_orders as (
    select
        shipment_id,
        min(order_id) as order_id,
        count(*) as order_count
    from {{ ref('int_shipments__orders') }}
    group by shipment_id
),

orders as (
    select * from {{ ref('orders') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
    where source_record_type = 'tracking'
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

assigned as (
    select
        shipments.*,
        coalesce(shipments.order_id, parcel_orders.order_id) as main_order_id,
        coalesce(parcel_orders.order_count, 0) as order_count,
        point_in_time.as_of,
        case
            when not shipments.is_tracked then 'no_tracking'
            when shipments.promised_on is null then 'no_promise'
            when shipments.first_attempted_on is not null then null
            when shipments.shipment_state = 'delivered' then 'no_delivery_day'
            when not shipments.is_scanned then 'not_scanned'
            when shipments.shipment_state = 'unknown' then 'no_information'
        end as unknown_reason
    from shipments
    cross join point_in_time
    left join parcel_orders on shipments.shipment_id = parcel_orders.shipment_id
)

select
    assigned.shipment_id,
    assigned.source_name,
    assigned.main_order_id as order_id,
    cast(assigned.order_count as bigint) as order_count,
    coalesce(orders.customer_id, records.customer_id) as customer_id,
    assigned.tracking_number,
    assigned.carrier,
    assigned.service,
    assigned.country_code,
    assigned.shipment_state,
    assigned.created_at,
    assigned.shipped_on,
    assigned.promised_on,
    assigned.promise_source,
    assigned.first_attempted_on,
    assigned.delivered_on,
    case
        when assigned.unknown_reason is null
            then coalesce(assigned.first_attempted_on, assigned.as_of) > assigned.promised_on
    end as is_late,
    cast(
        case
            when
                assigned.unknown_reason is null
                and (assigned.first_attempted_on is not null or assigned.as_of > assigned.promised_on)
                then {{ days_between('assigned.promised_on', 'coalesce(assigned.first_attempted_on, assigned.as_of)') }}
        end as bigint
    ) as delay_days,
    assigned.unknown_reason,
    assigned.exception_state,
    assigned.exception_opened_at,
    assigned.exception_resolved_at,
    assigned.is_tracked
from assigned
left join orders on assigned.main_order_id = orders.order_id
left join records
    on assigned.source_name = records.source_name and assigned.source_record_id = records.source_record_id
