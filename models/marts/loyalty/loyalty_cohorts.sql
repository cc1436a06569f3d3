-- Grain: programme, month in which points were earned, months since. Points are those up to the end of that month:
-- never sum them over months. Rates are null until the cell's month is over by as_of; points so far are shown.
-- Traps: whatever makes a lot is issued, imports, adjustments, transfers and points returned from nowhere known
-- included. Points that were adjusted away or paid a debt are neither redeemed, expired nor clawed back, so the parts
-- need not add up to a settled cohort's issue. A reversal gives back what was redeemed, and a settled cohort may be
-- open again.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

lots as (
    select
        lots.programme,
        lots.member_no,
        lots.lot_no,
        lots.points,
        {{ month_of(utc_to_local('lots.earned_at', 'point_in_time.reporting_timezone')) }} as issue_month
    from {{ ref('int_loyalty__lots') }} as lots
    cross join point_in_time
    where lots.scenario = 'live'
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
    where moves.moved_at < point_in_time.cut_at
),

issues as (
    select
        programme,
        issue_month,
        sum(points) as issued
    from lots
    group by programme, issue_month
),

activity as (
    select
        lots.programme,
        lots.issue_month,
        {{ months_between('lots.issue_month', 'moves.move_month') }} as months_since_issue,
        sum(case when moves.kind in ('spend', 'spend_reversal') then moves.points else 0 end) as redeemed,
        sum(case when moves.kind = 'expire' then moves.points else 0 end) as expired,
        sum(case when moves.kind = 'clawback' then moves.points else 0 end) as clawed_back,
        sum(moves.points) as gone
    from moves
    inner join lots on moves.member_no = lots.member_no and moves.lot_no = lots.lot_no
    group by lots.programme, lots.issue_month, {{ months_between('lots.issue_month', 'moves.move_month') }}
),

cohorts as (
    select
        issues.programme,
        issues.issue_month,
        issues.issued,
        {{ explode(integers(0, months_between('issues.issue_month', 'point_in_time.as_of'))) }} as months_since_issue
    from issues
    cross join point_in_time
),

cells as (
    select
        cohorts.programme,
        cohorts.issue_month,
        cohorts.months_since_issue,
        cohorts.issued,
        {%- for part in ['redeemed', 'expired', 'clawed_back', 'gone'] %}
        sum(coalesce(activity.{{ part }}, 0)) over (
            partition by cohorts.programme, cohorts.issue_month order by cohorts.months_since_issue
        ) as {{ part }},
        {%- endfor %}
        {{ last_day_of_month(add_months('cohorts.issue_month', 'cohorts.months_since_issue')) }}
        <= point_in_time.as_of as is_mature
    from cohorts
    cross join point_in_time
    left join activity
        on
            cohorts.programme = activity.programme
            and cohorts.issue_month = activity.issue_month
            and cohorts.months_since_issue = activity.months_since_issue
)

select
    programme,
    issue_month,
    cast(months_since_issue as bigint) as months_since_issue,
    {{ as_points('issued') }} as points_issued,
    {{ as_points('redeemed') }} as points_redeemed,
    {{ as_points('expired') }} as points_expired,
    {{ as_points('clawed_back') }} as points_clawed_back,
    case when is_mature then {{ significant(ratio('redeemed', 'issued')) }} end as redemption_rate,
    case when is_mature then {{ significant(ratio('expired', 'issued')) }} end as breakage_rate,
    is_mature,
    issued = gone as is_settled
from cells
