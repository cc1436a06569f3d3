-- Grain: scenario of seeds/loyalty_scenarios.csv and programme; empty without scenarios. What would be if the setting
-- had always been so, beside what is, as of as_of. Never sum over scenarios, which hold the same members and points,
-- nor points over programmes.
-- Trap: people are taken to have done what they did; that they would have spent sooner had points lived shorter is in
-- no figure.
with

{{ point_liability() }},

horizons as (
    select
        rules.scenario,
        rules.programme,
        rules.time_zone,
        {{ add_days('point_in_time.as_of', 'cast(' ~ threshold('loyalty_horizon_days') ~ ' as int)') }} as last_day
    from {{ ref('int_loyalty__rules') }} as rules
    cross join point_in_time
    where {{ is_in_force_before('rules', 'point_in_time.cut_at') }}
),

positions as (
    select
        lots.scenario,
        lots.programme,
        lots.member_id,
        case when lots.active_at < point_in_time.cut_at then lots.points else 0 end as available,
        0 as expired,
        0 as expiring
    from lots
    cross join point_in_time
    union all
    select
        lots.scenario,
        lots.programme,
        lots.member_id,
        case
            when moves.moved_at < point_in_time.cut_at and lots.active_at < point_in_time.cut_at then -moves.points
            else 0
        end as available,
        case
            when moves.kind = 'expire' and moves.moved_at < point_in_time.cut_at then moves.points else 0
        end as expired,
        case
            when moves.kind = 'expire' and moves.moved_at >= point_in_time.cut_at then moves.points else 0
        end as expiring
    from moves
    inner join lots on moves.member_no = lots.member_no and moves.lot_no = lots.lot_no
    inner join horizons on lots.scenario = horizons.scenario and lots.programme = horizons.programme
    cross join point_in_time
    where cast({{ utc_to_local('moves.moved_at', 'horizons.time_zone') }} as date) <= horizons.last_day
),

member_points as (
    select
        scenario,
        programme,
        member_id,
        sum(available) as available,
        sum(expired) as expired,
        sum(expiring) as expiring
    from positions
    group by scenario, programme, member_id
),

-- The same bookings make the same lots in every scenario, so that everybody is in both.
point_changes as (
    select
        scenario.scenario,
        scenario.programme,
        count(*) filter (where scenario.available <> live.available) as members_moved,
        sum(live.available) as available_live,
        sum(scenario.available) as available,
        sum(live.expired) as expired_live,
        sum(scenario.expired) as expired,
        sum(live.expiring) as expiring_live,
        sum(scenario.expiring) as expiring
    from member_points as scenario
    inner join member_points as live
        on scenario.programme = live.programme and scenario.member_id = live.member_id
    where scenario.scenario <> 'live' and live.scenario = 'live'
    group by scenario.scenario, scenario.programme
),

tiers as (
    select
        scenario,
        programme,
        member_id,
        coalesce(tier_rank, -1) as tier_rank
    from {{ ref('int_loyalty__tier_state') }}
),

tier_changes as (
    select
        scenario.scenario,
        scenario.programme,
        count(*) filter (where scenario.tier_rank > live.tier_rank) as members_higher_tier,
        count(*) filter (where scenario.tier_rank < live.tier_rank) as members_lower_tier
    from tiers as scenario
    inner join tiers as live on scenario.programme = live.programme and scenario.member_id = live.member_id
    where scenario.scenario <> 'live' and live.scenario = 'live'
    group by scenario.scenario, scenario.programme
),

liabilities as (
    select
        point_liability.scenario,
        point_liability.programme,
        point_liability.liability_amount
    from point_liability
    inner join point_in_time on point_liability.period_month = point_in_time.last_month
)

select
    programmes.scenario,
    programmes.programme,
    cast(coalesce(point_changes.members_moved, 0) as bigint) as members_moved,
    {{ as_points('coalesce(point_changes.available_live, 0)') }} as points_available_live,
    {{ as_points('coalesce(point_changes.available, 0)') }} as points_available,
    {{ as_points('coalesce(point_changes.expired_live, 0)') }} as points_expired_live,
    {{ as_points('coalesce(point_changes.expired, 0)') }} as points_expired,
    {{ as_points('coalesce(point_changes.expiring_live, 0)') }} as points_expiring_30d_live,
    {{ as_points('coalesce(point_changes.expiring, 0)') }} as points_expiring_30d,
    cast(coalesce(tier_changes.members_higher_tier, 0) as bigint) as members_higher_tier,
    cast(coalesce(tier_changes.members_lower_tier, 0) as bigint) as members_lower_tier,
    live.liability_amount as liability_amount_live,
    liabilities.liability_amount,
    cast(liabilities.liability_amount - live.liability_amount as decimal(18, 2)) as liability_difference
from programmes
left join point_changes
    on programmes.scenario = point_changes.scenario and programmes.programme = point_changes.programme
left join tier_changes
    on programmes.scenario = tier_changes.scenario and programmes.programme = tier_changes.programme
left join liabilities
    on programmes.scenario = liabilities.scenario and programmes.programme = liabilities.programme
left join liabilities as live on programmes.programme = live.programme and live.scenario = 'live'
where programmes.scenario <> 'live'
