{{ config(
    materialized=replaced_in_part(), incremental_strategy='append', on_schema_change='append_new_columns',
    pre_hook='{{ forget_changed_people() }}'
) }}
-- Grain: one lot, as of the cut. The seven states sum to points_issued. Trap: points_available of a member's lots is
-- what can be spent, whatever debt there is beside it (loyalty_balances).
with

people as (
    {{ changed_people() | indent(4) }}
),

lots as (
    select * from {{ ref('int_loyalty__lots') }}
    where scenario = 'live' {{ and_of_changed_people('member_no') }}
),

moves as (
    select * from {{ ref('int_loyalty__moves') }}
    where lot_no is not null {{ and_of_changed_people('member_no') }}
),

zones as (
    select * from {{ ref('int_loyalty__rules') }}
),

orders as (
    select * from {{ ref('int_loyalty__orders') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

local_days as (
    select * from {{ ref('int_loyalty__local_days') }}
),

gone as (
    select
        moves.member_no,
        moves.lot_no,
        sum(moves.points) as points,
        sum(case when moves.kind in ('spend', 'spend_reversal') then moves.points else 0 end) as spent,
        sum(case when moves.kind = 'expire' then moves.points else 0 end) as expired,
        sum(case when moves.kind = 'clawback' then moves.points else 0 end) as clawed_back,
        sum(case when moves.kind = 'adjust' then moves.points else 0 end) as adjusted,
        sum(case when moves.kind = 'repay' then moves.points else 0 end) as repaid
    from moves
    cross join point_in_time
    where moves.moved_at < point_in_time.cut_at
    group by moves.member_no, moves.lot_no
),

-- Only what came back can have a grace; both come from where they are, so that the many pass through once.
returned_moves as (
    select * from {{ ref('int_loyalty__moves') }}
    where kind = 'spend_reversal' {{ and_of_changed_people('member_no') }}
),

returned_lots as (
    select lots.*
    from {{ ref('int_loyalty__lots') }} as lots
    semi join returned_moves on lots.member_no = returned_moves.member_no and lots.lot_no = returned_moves.lot_no
    where lots.scenario = 'live'
),

{{ graces('returned_lots', 'returned_moves') }},

last_graces as (
    select
        member_no,
        lot_no,
        max(expires_at) as expires_at
    from graces
    group by member_no, lot_no
),

stated as (
    select
        lots.*,
        coalesce(last_graces.expires_at, lots.expires_at) as gone_at,
        lots.points - coalesce(gone.points, 0) as points_left,
        coalesce(lots.active_at >= point_in_time.cut_at, true) as is_pending,
        gone.spent,
        gone.expired,
        gone.clawed_back,
        gone.adjusted,
        gone.repaid
    from lots
    left join gone on lots.member_no = gone.member_no and lots.lot_no = gone.lot_no
    left join last_graces on lots.member_no = last_graces.member_no and lots.lot_no = last_graces.lot_no
    cross join point_in_time
)

select
    stated.lot_id,
    people.programme,
    people.member_id,
    people.customer_id,
    stated.entry_type,
    orders.order_id,
    stated.earned_at,
    stated.active_at,
    stated.gone_at as expires_at,
    {{ local_day('stated.gone_at', 'local_days', 'zones.time_zone') }} as expires_on,
    {{ as_points('stated.points') }} as points_issued,
    {{ as_points('case when stated.is_pending then stated.points_left else 0 end') }} as points_pending,
    {{ as_points('case when stated.is_pending then 0 else stated.points_left end') }} as points_available,
    {{ as_points('coalesce(stated.spent, 0)') }} as points_spent,
    {{ as_points('coalesce(stated.expired, 0)') }} as points_expired,
    {{ as_points('coalesce(stated.clawed_back, 0)') }} as points_clawed_back,
    {{ as_points('coalesce(stated.adjusted, 0)') }} as points_adjusted,
    {{ as_points('coalesce(stated.repaid, 0)') }} as points_repaid,
    people.state_hash
from stated
inner join people on stated.member_no = people.member_no
inner join zones
    on
        stated.scenario = zones.scenario
        and stated.programme = zones.programme
        and stated.rule_number = zones.rule_number
left join local_days
    on zones.time_zone = local_days.time_zone and cast(stated.gone_at as date) = local_days.utc_day
left join orders on stated.order_reference = orders.order_reference
