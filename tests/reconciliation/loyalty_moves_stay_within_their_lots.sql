-- At no moment has a lot given more than it had or taken back more than it gave, nothing is spent from it before it
-- is usable, and nothing leaves it after its end, unless something came back after it.
with

lots as (
    select * from {{ ref('int_loyalty__lots') }}
),

moments as (
    select
        member_no,
        lot_no,
        moved_at,
        sum(points) as points,
        max(case when kind in ('spend', 'adjust') then 1 else 0 end) as is_draw,
        max(case when kind = 'spend_reversal' then 1 else 0 end) as is_return
    from {{ ref('int_loyalty__moves') }}
    where lot_no is not null
    group by member_no, lot_no, moved_at
),

running as (
    select
        *,
        sum(points) over (
            partition by member_no, lot_no order by moved_at rows between unbounded preceding and current row
        ) as points_gone,
        max(case when is_return = 1 then moved_at end) over (
            partition by member_no, lot_no order by moved_at rows between unbounded preceding and current row
        ) as last_return_at
    from moments
)

select running.*
from running
left join lots on running.member_no = lots.member_no and running.lot_no = lots.lot_no
where
    lots.member_no is null
    or running.points_gone < 0
    or running.points_gone > lots.points
    or (running.is_draw = 1 and (lots.active_at is null or running.moved_at < lots.active_at))
    or (running.moved_at > lots.expires_at and coalesce(running.last_return_at < lots.expires_at, true))
