-- One sighting of a parcel before the cut: a scan, or the state of the tracking itself when it was last updated, which
-- is all there is of parcels delivered without a scan. What the tags mean says seeds/carrier_states.csv; state is null
-- where nothing there fits.
with

trackings as (
    select * from {{ ref('stg_aftership__trackings') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

states as (
    select * from {{ ref('carrier_states') }}
    where source_name = 'aftership'
),

sightings as (
    select
        tracking_id,
        seen_at,
        scanned_at,
        tag,
        subtag,
        true as is_checkpoint
    from {{ ref('stg_aftership__checkpoints') }}
    union all
    select
        tracking_id,
        updated_at as seen_at,
        cast(null as timestamp) as scanned_at,
        tag,
        subtag,
        false as is_checkpoint
    from trackings
)

select
    sightings.tracking_id,
    sightings.seen_at,
    cast(sightings.scanned_at as date) as scanned_on,
    sightings.is_checkpoint,
    sightings.tag,
    sightings.subtag,
    coalesce(by_subtag.shipment_state, by_tag.shipment_state) as shipment_state,
    case when by_subtag.tag is null then by_tag.exception_state else by_subtag.exception_state end as exception_state,
    -- The first sighting of it as delivered.
    min(case when coalesce(by_subtag.shipment_state, by_tag.shipment_state) = 'delivered' then sightings.seen_at end)
        over (partition by sightings.tracking_id) as delivered_at,
    coalesce(by_subtag.is_scan, by_tag.is_scan, false) as is_scan,
    coalesce(by_subtag.is_attempt, by_tag.is_attempt, false) as is_attempt,
    row_number() over (
        partition by sightings.tracking_id
        order by
            sightings.seen_at desc nulls last, sightings.is_checkpoint asc, sightings.scanned_at desc nulls last,
            sightings.tag asc, sightings.subtag asc nulls last
    ) as recency
from sightings
cross join point_in_time
left join states as by_subtag on sightings.tag = by_subtag.tag and sightings.subtag = by_subtag.subtag
left join states as by_tag on sightings.tag = by_tag.tag and by_tag.subtag is null
where sightings.seen_at < point_in_time.cut_at
