{{ config(materialized='view') }}
-- One parcel of a fulfilment: the shop knows that it left and hardly more, no promise, no attempt, no delivery day.
with

fulfillments as (
    select * from {{ ref('stg_shopify__fulfillments') }}
    where coalesce(fulfillment_status, 'success') not in ('cancelled', 'error', 'failure')
),

listed as (
    select
        shop_url,
        fulfillment_id,
        {{ explode('tracking_numbers') }} as tracking_number
    from fulfillments
),

numbers as (
    select
        shop_url,
        fulfillment_id,
        upper({{ clean_text('tracking_number') }}) as tracking_number
    from fulfillments
    union
    select
        shop_url,
        fulfillment_id,
        upper({{ clean_text('tracking_number') }}) as tracking_number
    from listed
),

parcels as (
    select
        fulfillments.*,
        numbers.tracking_number as parcel_number,
        row_number() over (
            partition by fulfillments.shop_url, fulfillments.fulfillment_id
            order by
                case when numbers.tracking_number = upper(fulfillments.tracking_number) then 0 else 1 end asc,
                numbers.tracking_number asc
        ) as position
    from fulfillments
    left join numbers
        on
            fulfillments.shop_url = numbers.shop_url
            and fulfillments.fulfillment_id = numbers.fulfillment_id
            and numbers.tracking_number is not null
),

states as (
    select * from {{ ref('carrier_states') }}
    where source_name = 'shopify'
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
)

select
    'shopify:' || parcels.shop_url || ':' || parcels.fulfillment_id
    || case when parcels.position > 1 then ':' || cast(parcels.position as string) else '' end as shipment_id,
    'shopify' as source_name,
    'order' as source_record_type,
    parcels.shop_url || ':' || parcels.shopify_order_id as source_record_id,
    false as is_tracked,
    parcels.shopify_order_id as order_reference,
    cast(null as string) as order_label,
    parcels.parcel_number as tracking_number,
    lower(parcels.carrier) as carrier,
    cast(null as string) as service,
    cast(null as string) as country_code,
    parcels.created_at,
    cast(null as date) as promised_on,
    cast(null as string) as promise_source,
    cast({{ utc_to_local('parcels.created_at', 'point_in_time.reporting_timezone') }} as date) as shipped_on,
    cast(null as date) as first_attempted_on,
    cast(null as date) as delivered_on,
    case
        when parcels.updated_at < point_in_time.cut_at then coalesce(states.shipment_state, 'unknown')
        else 'unknown'
    end as shipment_state,
    coalesce(parcels.updated_at < point_in_time.cut_at and states.is_scan, false) as is_scanned,
    case when parcels.updated_at < point_in_time.cut_at then states.exception_state end as exception_state,
    cast(null as timestamp) as exception_opened_at,
    cast(null as timestamp) as exception_resolved_at
from parcels
cross join point_in_time
left join states on parcels.carrier_status = states.tag
