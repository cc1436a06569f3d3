-- Grain: one order in one parcel. Join shipments to orders through this table and count distinct parcels.
select
    shipment_id,
    order_id
from {{ ref('int_shipments__orders') }}
