-- Grain: programme, member and moment of which the platform told a balance. explanation says why the two differ;
-- difference is ours (less debt) minus the platform's, 0 where they are equal. Trap: one member has many rows, one
-- for each snapshot.
with

compared as (
    select * from {{ ref('int_loyalty__compared') }}
)

select
    programme,
    member_id,
    told_at,
    source_name,
    points_available,
    points_pending,
    points_debt,
    platform_points_available,
    platform_points_pending,
    difference,
    explanation
from compared
