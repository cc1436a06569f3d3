{{ config(materialized='view') }}
-- One change of what a member of the live programme has, also beyond the cut: points that come wait in pending until
-- they are usable, what goes leaves pending before that and available after it. Hundredths of points.
with

members as (
    select * from {{ ref('int_loyalty__members') }}
    where scenario = 'live'
),

lots as (
    select * from {{ ref('int_loyalty__lots') }}
    where scenario = 'live'
),

moves as (
    select
        moves.*,
        lots.active_at is null or moves.moved_at < lots.active_at or lots.expires_at <= lots.active_at as is_pending
    from {{ ref('int_loyalty__moves') }} as moves
    inner join lots on moves.member_no = lots.member_no and moves.lot_no = lots.lot_no
),

debts as (
    select moves.*
    from {{ ref('int_loyalty__moves') }} as moves
    semi join members on moves.member_no = members.member_no
    where moves.kind in ('debt', 'repay')
),

gone_before as (
    select
        member_no,
        lot_no,
        sum(points) as points
    from moves
    where is_pending
    group by member_no, lot_no
),

waited as (
    select
        lots.member_no,
        lots.active_at,
        lots.points - coalesce(gone_before.points, 0) as points
    from lots
    left join gone_before on lots.member_no = gone_before.member_no and lots.lot_no = gone_before.lot_no
    where lots.active_at is not null and (lots.expires_at is null or lots.expires_at > lots.active_at)
)

-- A balance begins with the first booking, whatever it was.
select
    member_no,
    enrolled_at as changed_at,
    cast(0 as bigint) as available,
    cast(0 as bigint) as pending,
    cast(0 as bigint) as debt
from members
union all
select
    member_no,
    earned_at as changed_at,
    cast(0 as bigint) as available,
    points as pending,
    cast(0 as bigint) as debt
from lots
union all
select
    member_no,
    active_at as changed_at,
    cast(points as bigint) as available,
    cast(-points as bigint) as pending,
    cast(0 as bigint) as debt
from waited
union all
select
    member_no,
    moved_at as changed_at,
    case when is_pending then 0 else -points end as available,
    case when is_pending then -points else 0 end as pending,
    cast(0 as bigint) as debt
from moves
union all
select
    member_no,
    moved_at as changed_at,
    cast(0 as bigint) as available,
    cast(0 as bigint) as pending,
    case kind when 'debt' then points else -points end as debt
from debts
