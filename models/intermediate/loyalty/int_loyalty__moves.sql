{{ config(materialized='view') }}
-- What took points from which lot, and when, also beyond the cut: nothing else is known of a lot. points are
-- hundredths: positive leave the lot, a spend_reversal's are negative. lot_no is null for debt (what a clawback did
-- not find) and uncovered (what no usable lot had, or no spend had taken), so that a booking's moves always sum to
-- what was booked.
select
    member_no,
    lot_no,
    booking_id,
    kind,
    moved_at,
    points
from {{ ref('int_loyalty__plain_moves') }}
union all
select
    member_no,
    lot_no,
    booking_id,
    kind,
    moved_at,
    points
from {{ ref('int_loyalty__sequential_moves') }}
