-- One order in one parcel: what the tracking says, and every fulfilment that turned out to be in it.
select distinct
    parcel_id as shipment_id,
    order_id
from {{ ref('int_shipments__unioned') }}
where order_id is not null
