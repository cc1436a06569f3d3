-- Grain: programme and member, as of the cut. What expires is what would if nothing were spent any more. Points of
-- different programmes are different currencies: never add them up. Trap: who has debt may still have points of older
-- lots, unless the programme takes them first (clawback_rule).
with

lots as (
    select * from {{ ref('loyalty_lots') }}
),

moves as (
    select * from {{ ref('int_loyalty__moves') }}
),

people as (
    select * from {{ ref('int_loyalty__people') }}
),

compared as (
    select * from {{ ref('int_loyalty__compared') }}
    where is_newest
),

tiers as (
    select * from {{ ref('int_loyalty__tier_state') }}
    where scenario = 'live'
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

lot_sums as (
    select
        programme,
        member_id,
        sum(points_available) as points_available,
        sum(points_pending) as points_pending,
        sum(case when entry_type in ('earn', 'import') then points_issued else 0 end) as points_earned
    from lots
    group by programme, member_id
),

rewards as (
    {{ reachable_rewards('lot_sums') | indent(4) }}
),

debts as (
    select
        moves.member_no,
        {{ points_where('moves.points', "moves.kind = 'debt'") }}
        - {{ points_where('moves.points', "moves.kind = 'repay'") }} as points_debt,
        {{ points_where('moves.points', "moves.kind in ('debt', 'clawback')") }} as points_clawed_back
    from moves
    cross join point_in_time
    where moves.moved_at < point_in_time.cut_at and moves.kind in ('debt', 'repay', 'clawback')
    group by moves.member_no
),

expiries as (
    select
        moves.member_no,
        cast({{ utc_to_local('moves.moved_at', 'people.time_zone') }} as date) as expires_on,
        sum(moves.points) as points,
        point_in_time.as_of
    from moves
    inner join people on moves.member_no = people.member_no
    cross join point_in_time
    where moves.kind = 'expire' and moves.booking_id is null and moves.moved_at >= point_in_time.cut_at
    group by
        moves.member_no,
        cast({{ utc_to_local('moves.moved_at', 'people.time_zone') }} as date),
        point_in_time.as_of
),

next_expiries as (
    select
        member_no,
        {{ as_points(
            'sum(case when expires_on <= ' ~ add_days('as_of', 'cast(' ~ threshold('loyalty_horizon_days') ~ ' as int)')
            ~ ' then points else 0 end)'
        ) }} as points_expiring_30d,
        min(expires_on) as next_expire_on,
        {{ as_points('min_by(points, expires_on)') }} as next_expire_points
    from expiries
    group by member_no
)

select
    people.programme,
    people.member_id,
    people.customer_id,
    cast(coalesce(lot_sums.points_available, 0) as decimal(18, 2)) as points_available,
    cast(coalesce(lot_sums.points_pending, 0) as decimal(18, 2)) as points_pending,
    cast(coalesce(debts.points_debt, 0) as decimal(18, 2)) as points_debt,
    coalesce(next_expiries.points_expiring_30d, 0) as points_expiring_30d,
    next_expiries.next_expire_on,
    next_expiries.next_expire_points,
    cast(coalesce(lot_sums.points_earned, 0) - coalesce(debts.points_clawed_back, 0) as decimal(18, 2))
        as lifetime_points,
    people.enrolled_at,
    people.last_booked_at,
    tiers.tier,
    tiers.tier_rank,
    tiers.tier_expires_at,
    tiers.points_to_next_tier,
    tiers.points_required_to_remain,
    coalesce(rewards.reachable_rewards, '[]') as reachable_rewards,
    compared.platform_points_available,
    compared.difference as platform_difference
from people
left join lot_sums on people.programme = lot_sums.programme and people.member_id = lot_sums.member_id
left join tiers on people.programme = tiers.programme and people.member_id = tiers.member_id
left join rewards on people.programme = rewards.programme and people.member_id = rewards.member_id
left join debts on people.member_no = debts.member_no
left join next_expiries on people.member_no = next_expiries.member_no
left join compared on people.programme = compared.programme and people.member_id = compared.member_id
