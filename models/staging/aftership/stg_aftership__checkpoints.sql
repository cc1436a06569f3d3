{{ config(materialized='view') }}
-- One scan of a tracking's newest version; a scan that the list repeats is one. Ordered by seen_at, when AfterShip saw
-- it (UTC); scanned_at is the courier's wall clock and says the recipient's day.
with

scans as (
    select
        tracking_id,
        {{ explode('scans') }} as scan
    from {{ ref('base_aftership__trackings') }}
    where row_status = 'staged'
)

select distinct
    tracking_id,
    coalesce({{ to_utc('scan.created_at') }}, {{ to_local_time('scan.checkpoint_time') }}) as seen_at,
    {{ to_local_time('scan.checkpoint_time') }} as scanned_at,
    lower({{ clean_text('scan.tag') }}) as tag,
    lower({{ clean_text('scan.subtag') }}) as subtag
from scans
