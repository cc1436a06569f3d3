{{ config(materialized='view') }}
-- One parcel on its way to a customer. Days are the recipient's. A parcel whose tracking says no more than Expired, or
-- that no carrier has scanned, is in the state unknown or pending: neither late nor lost.
with

trackings as (
    select * from {{ ref('stg_aftership__trackings') }}
    where not is_return_leg
),

-- Trouble reported after the delivery is old news, unless it is about what was delivered or where it went.
sightings as (
    select
        tracking_id,
        seen_at,
        scanned_on,
        shipment_state,
        is_scan,
        is_attempt,
        recency,
        case
            when seen_at <= delivered_at or delivered_at is null then exception_state
            when exception_state in ('damaged', 'lost', 'refused', 'returning', 'returned') then exception_state
        end as exception_state
    from {{ ref('int_shipment_checkpoints__aftership') }}
),

checkpoints as (
    select
        *,
        max(case when exception_state is not null then seen_at end) over (partition by tracking_id) as last_exception_at
    from sightings
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

scanned as (
    select
        tracking_id,
        max(case when recency = 1 then coalesce(shipment_state, 'unknown') end) as last_state,
        max(case when shipment_state = 'delivered' then 1 else 0 end) = 1 as is_delivered,
        max(case when is_scan then 1 else 0 end) = 1 as is_scanned,
        min(case when is_scan then scanned_on end) as first_scanned_on,
        min(case when is_attempt then scanned_on end) as attempted_on,
        min(case when shipment_state = 'delivered' then scanned_on end) as delivered_on,
        min(case when exception_state is not null then seen_at end) as exception_opened_at,
        max_by(exception_state, case when exception_state is not null then seen_at end) as exception_state,
        min(case when exception_state is null and is_scan and seen_at > last_exception_at then seen_at end)
            as exception_resolved_at
    from checkpoints
    group by tracking_id
),

-- A day of the tracking itself is known if the version was there before the cut, or if it lies before the cut.
dated as (
    select
        trackings.*,
        {%- for day in ['picked_up_on', 'first_attempted_on', 'delivered_on'] %}
        case
            when trackings.updated_at < point_in_time.cut_at or trackings.{{ day }} <= point_in_time.as_of
                then trackings.{{ day }}
        end as known_{{ day }}{{ ',' if not loop.last }}
        {%- endfor %}
    from trackings
    cross join point_in_time
),

judged as (
    select
        dated.*,
        scanned.last_state,
        coalesce(scanned.is_scanned, false) as is_scanned,
        scanned.first_scanned_on,
        scanned.attempted_on,
        scanned.exception_state,
        scanned.exception_opened_at,
        scanned.exception_resolved_at,
        coalesce(scanned.is_delivered, false) or (dated.tag = 'delivered' and dated.known_delivered_on is not null)
            as is_delivered,
        coalesce(dated.known_delivered_on, scanned.delivered_on) as day_of_delivery
    from dated
    left join scanned on dated.tracking_id = scanned.tracking_id
)

select
    'aftership:' || tracking_id as shipment_id,
    'aftership' as source_name,
    'tracking' as source_record_type,
    tracking_id as source_record_id,
    true as is_tracked,
    order_reference,
    order_label,
    tracking_number,
    carrier,
    service,
    country_code,
    created_at,
    coalesce(order_promised_on, first_estimated_on, courier_estimated_on) as promised_on,
    case
        when order_promised_on is not null then 'checkout'
        when first_estimated_on is not null then 'first_estimate'
        when courier_estimated_on is not null then 'courier'
    end as promise_source,
    coalesce(known_picked_up_on, first_scanned_on) as shipped_on,
    case
        when is_delivered and day_of_delivery < coalesce(attempted_on, known_first_attempted_on, day_of_delivery)
            then day_of_delivery
        else coalesce(attempted_on, known_first_attempted_on, case when is_delivered then day_of_delivery end)
    end as first_attempted_on,
    case when is_delivered then day_of_delivery end as delivered_on,
    case
        when is_delivered and coalesce(last_state, 'unknown') not in ('returning', 'returned') then 'delivered'
        else coalesce(last_state, 'pending')
    end as shipment_state,
    is_scanned or is_delivered as is_scanned,
    exception_state,
    exception_opened_at,
    exception_resolved_at
from judged
