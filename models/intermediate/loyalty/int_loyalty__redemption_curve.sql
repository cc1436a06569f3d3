-- Grain: scenario, programme, a month that is over, months since points were issued. How much is redeemed at that age,
-- of the cohorts that were old enough by the end of known_month, with nothing that became known later: chain-ladder.
-- The sum of redemption_rate over a known_month is the share that is redeemed of all issued; open_rate is what is left
-- of those cohorts at that age.
-- Traps: never sum over known months, which hold the same points. Issued is less what was clawed back or went into a
-- debt by the end of known_month, as in the liability. Transfers and returns of spends that nobody knows of are lots
-- and not issued; such a return is redeemed less.
with

point_in_time as (
    select
        *,
        case
            when {{ last_day_of_month('as_of') }} = as_of then {{ month_of('as_of') }}
            else {{ add_months(month_of('as_of'), -1) }}
        end as last_full_month
    from {{ ref('point_in_time') }}
),

lots as (
    select
        lots.scenario,
        lots.programme,
        lots.member_no,
        lots.lot_no,
        lots.entry_type,
        lots.points,
        {{ month_of(utc_to_local('lots.earned_at', 'point_in_time.reporting_timezone')) }} as issue_month
    from {{ ref('int_loyalty__lots') }} as lots
    cross join point_in_time
),

moves as (
    select
        moves.member_no,
        moves.lot_no,
        moves.kind,
        moves.points,
        {{ month_of(utc_to_local('moves.moved_at', 'point_in_time.reporting_timezone')) }} as move_month
    from {{ ref('int_loyalty__moves') }} as moves
    cross join point_in_time
),

movements as (
    select
        scenario,
        programme,
        issue_month,
        0 as months_since_issue,
        case when entry_type in ('spend_reversal', 'transfer') then 0 else points end as issued,
        case when entry_type = 'spend_reversal' then -points else 0 end as redeemed,
        points as open
    from lots
    union all
    select
        lots.scenario,
        lots.programme,
        lots.issue_month,
        {{ months_between('lots.issue_month', 'moves.move_month') }} as months_since_issue,
        case when moves.kind in ('clawback', 'repay') then -moves.points else 0 end as issued,
        case when moves.kind in ('spend', 'spend_reversal') then moves.points else 0 end as redeemed,
        -moves.points as open
    from moves
    inner join lots on moves.member_no = lots.member_no and moves.lot_no = lots.lot_no
),

sums as (
    select
        scenario,
        programme,
        issue_month,
        months_since_issue,
        sum(issued) as issued,
        sum(redeemed) as redeemed,
        sum(open) as open
    from movements
    group by scenario, programme, issue_month, months_since_issue
),

cohorts as (
    select
        sums.scenario,
        sums.programme,
        sums.issue_month,
        {{ explode(integers(0, months_between('sums.issue_month', 'point_in_time.last_full_month'))) }}
            as months_since_issue
    from sums
    cross join point_in_time
    where sums.months_since_issue = 0
    group by sums.scenario, sums.programme, sums.issue_month, point_in_time.last_full_month
),

cells as (
    select
        cohorts.scenario,
        cohorts.programme,
        cohorts.issue_month,
        cohorts.months_since_issue,
        coalesce(sums.redeemed, 0) as redeemed,
        sum(coalesce(sums.issued, 0)) over (
            partition by cohorts.scenario, cohorts.programme, cohorts.issue_month order by cohorts.months_since_issue
        ) as issued_so_far,
        sum(coalesce(sums.open, 0)) over (
            partition by cohorts.scenario, cohorts.programme, cohorts.issue_month order by cohorts.months_since_issue
        ) as still_open
    from cohorts
    left join sums
        on
            cohorts.scenario = sums.scenario
            and cohorts.programme = sums.programme
            and cohorts.issue_month = sums.issue_month
            and cohorts.months_since_issue = sums.months_since_issue
),

curve as (
    select
        known.scenario,
        known.programme,
        {{ add_months('known.issue_month', 'known.months_since_issue') }} as known_month,
        cells.months_since_issue,
        sum(known.issued_so_far) as issued,
        sum(cells.redeemed) as redeemed,
        sum(cells.still_open) as open
    from cells as known
    inner join cells
        on
            known.scenario = cells.scenario
            and known.programme = cells.programme
            and known.issue_month = cells.issue_month
            and known.months_since_issue >= cells.months_since_issue
    group by
        known.scenario,
        known.programme,
        {{ add_months('known.issue_month', 'known.months_since_issue') }},
        cells.months_since_issue
)

select
    scenario,
    programme,
    known_month,
    cast(months_since_issue as bigint) as months_since_issue,
    cast(issued as bigint) as issued,
    cast(redeemed as bigint) as redeemed,
    cast(open as bigint) as open,
    -- As decimals, so that sums of them do not depend on their order.
    cast({{ ratio('redeemed', 'issued') }} as decimal(20, 12)) as redemption_rate,
    cast({{ ratio('open', 'issued') }} as decimal(20, 12)) as open_rate
from curve
