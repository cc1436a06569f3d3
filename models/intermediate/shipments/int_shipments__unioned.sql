-- One parcel known before the cut. A shop's own note of a shipment is only that where a tracking has the same parcel:
-- parcel_id names the tracking (the nearest in time with its number, since couriers use numbers again; without a number
-- one of the same order), else the shipment itself. Rows whose parcel_id is another's are no parcels of their own.
with

shipments as (
    {{ union_subject('shipments', ['aftership', 'shopify']) | indent(4) }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

order_names as (
    select * from {{ ref('int_orders__references') }}
),

known as (
    select
        shipments.*,
        coalesce(by_reference.order_id, by_label.order_id) as order_id
    from shipments
    cross join point_in_time
    left join order_names as by_reference on lower(shipments.order_reference) = by_reference.reference
    left join order_names as by_label on lower(shipments.order_label) = by_label.reference
    where shipments.created_at < point_in_time.cut_at
),

candidates as (
    select
        noted.shipment_id,
        tracked.shipment_id as parcel_id,
        0 as preference,
        abs({{ days_between('cast(noted.created_at as date)', 'cast(tracked.created_at as date)') }}) as distance_days
    from known as noted
    inner join known as tracked on noted.tracking_number = tracked.tracking_number
    where not noted.is_tracked and tracked.is_tracked
    union all
    select
        noted.shipment_id,
        tracked.shipment_id as parcel_id,
        1 as preference,
        abs({{ days_between('cast(noted.created_at as date)', 'cast(tracked.created_at as date)') }}) as distance_days
    from known as noted
    inner join known as tracked on noted.order_id = tracked.order_id
    where not noted.is_tracked and tracked.is_tracked and noted.tracking_number is null
),

ranked as (
    select
        *,
        row_number() over (partition by shipment_id order by preference, distance_days, parcel_id) as position
    from candidates
    where distance_days <= {{ threshold('tracking_match_days') }}
)

select
    known.*,
    coalesce(ranked.parcel_id, known.shipment_id) as parcel_id
from known
left join ranked on known.shipment_id = ranked.shipment_id and ranked.position = 1
