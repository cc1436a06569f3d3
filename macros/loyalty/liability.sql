{#
    CTEs from point_in_time, lots and moves to point_liability: the roll-forward of points in hundredths and the
    liability in money, one row per scenario, programme and month from the first movement to as_of, of one scenario or
    of all.

    The price of points is allocated to them as they are issued, at the point_price in force at the end of that month,
    so that a new price leaves alone what was issued before; a clawback takes back the price of the lot that it takes
    from. What is still owed is the share that is still to be redeemed of what will be redeemed in all (IFRS 15).
    Issued here is earned, imported and granted by adjustment, less clawed back; a transfer issues nothing, and points
    that come back from a spend that nobody knows of are less spent.

    Clawbacks count in full, whether lots had the points or the member owes them. What one member owes takes nothing
    from what others can still redeem.
#}
{% macro point_liability(scenario=none) -%}
{%- set condition = "scenario = '" ~ scenario ~ "'" if scenario else 'true' -%}
{%- set amounts = ['issued', 'spent', 'expired', 'clawed_back', 'adjusted', 'net_issued'] -%}
point_in_time as (
    select
        *,
        {{ month_of('as_of') }} as last_month,
        case
            when {{ last_day_of_month('as_of') }} = as_of then {{ month_of('as_of') }}
            else {{ add_months(month_of('as_of'), -1) }}
        end as last_full_month
    from {{ ref('point_in_time') }}
),

lots as (
    select * from {{ ref('int_loyalty__lots') }}
    where {{ condition }}
),

moves as (
    select * from {{ ref('int_loyalty__moves') }}
),

members as (
    select
        member_no,
        scenario,
        programme
    from {{ ref('int_loyalty__members') }}
    where {{ condition }}
),

settings as (
    select
        scenario,
        programme,
        point_price,
        expected_redemption_rate,
        valid_from,
        row_number() over (partition by scenario, programme order by valid_from) = 1 as is_first,
        lead(valid_from) over (partition by scenario, programme order by valid_from) as next_valid_from
    from {{ ref('int_loyalty__rules') }}
    where {{ condition }}
),

programmes as (
    select distinct
        scenario,
        programme
    from settings
),

debtors as (
    select distinct moves.member_no
    from moves
    semi join members on moves.member_no = members.member_no
    where moves.kind = 'debt'
),

order_lots as (
    select
        lots.member_no,
        lots.order_reference,
        min(lots.earned_at) as earned_at
    from lots
    semi join debtors on lots.member_no = debtors.member_no
    where lots.order_reference is not null
    group by lots.member_no, lots.order_reference
),

-- Issued when the lot was that gave the points; what no lot gave, when the order was that had earned them.
clawbacks as (
    select
        moves.member_no,
        moves.moved_at,
        moves.points,
        coalesce(lots.earned_at, order_lots.earned_at, moves.moved_at) as issued_at
    from moves
    left join lots on moves.member_no = lots.member_no and moves.lot_no = lots.lot_no
    left join {{ ref('int_loyalty__events') }} as events
        on moves.member_no = events.member_no and moves.booking_id = events.booking_id
    left join order_lots
        on
            events.member_no = order_lots.member_no
            and events.order_reference = order_lots.order_reference
            and moves.moved_at >= order_lots.earned_at
    where moves.kind in ('clawback', 'debt')
),

movements as (
    select
        member_no,
        scenario,
        programme,
        earned_at as moved_at,
        earned_at as issued_at,
        case when entry_type in ('earn', 'import') then points else 0 end as issued,
        case when entry_type = 'spend_reversal' then -points else 0 end as spent,
        0 as expired,
        0 as clawed_back,
        case when entry_type in ('adjust', 'transfer') then points else 0 end as adjusted,
        case when entry_type in ('earn', 'import', 'adjust') then points else 0 end as net_issued
    from lots
    union all
    select
        members.member_no,
        members.scenario,
        members.programme,
        moves.moved_at,
        moves.moved_at as issued_at,
        0 as issued,
        case when moves.kind in ('spend', 'spend_reversal') then moves.points else 0 end as spent,
        case when moves.kind = 'expire' then moves.points else 0 end as expired,
        0 as clawed_back,
        case when moves.kind = 'adjust' then -moves.points else 0 end as adjusted,
        0 as net_issued
    from moves
    inner join members on moves.member_no = members.member_no
    cross join point_in_time
    where moves.moved_at < point_in_time.cut_at and moves.kind in ('spend', 'spend_reversal', 'expire', 'adjust')
    union all
    select
        members.member_no,
        members.scenario,
        members.programme,
        clawbacks.moved_at,
        clawbacks.issued_at,
        0 as issued,
        0 as spent,
        0 as expired,
        clawbacks.points as clawed_back,
        0 as adjusted,
        -clawbacks.points as net_issued
    from clawbacks
    inner join members on clawbacks.member_no = members.member_no
),

dated_movements as (
    select
        movements.*,
        {{ month_of(utc_to_local('movements.moved_at', 'point_in_time.reporting_timezone')) }} as period_month,
        {{ month_of(utc_to_local('movements.issued_at', 'point_in_time.reporting_timezone')) }} as issue_month
    from movements
    cross join point_in_time
),

issued_movements as (
    select
        scenario,
        programme,
        period_month,
        issue_month,
        {%- for amount in amounts %}
        cast(sum({{ amount }}) as bigint) as {{ amount }}{{ ',' if not loop.last }}
        {%- endfor %}
    from dated_movements
    group by scenario, programme, period_month, issue_month
),

spans as (
    select
        issued_movements.scenario,
        issued_movements.programme,
        min(issued_movements.period_month) as first_month,
        max(point_in_time.last_month) as last_month
    from issued_movements
    cross join point_in_time
    group by issued_movements.scenario, issued_movements.programme
),

numbered_months as (
    select
        scenario,
        programme,
        first_month,
        {{ explode(integers(0, months_between('first_month', 'last_month'))) }} as month_number
    from spans
),

months as (
    select
        scenario,
        programme,
        {{ add_months('first_month', 'month_number') }} as period_month
    from numbered_months
),

ruled_months as (
    select
        months.scenario,
        months.programme,
        months.period_month,
        settings.point_price,
        settings.expected_redemption_rate
    from months
    cross join point_in_time
    left join settings
        on
            months.scenario = settings.scenario
            and months.programme = settings.programme
            and (
                settings.is_first
                or settings.valid_from <= least({{ last_day_of_month('months.period_month') }}, point_in_time.as_of)
            )
            and (
                settings.next_valid_from is null
                or settings.next_valid_from > least({{ last_day_of_month('months.period_month') }}, point_in_time.as_of)
            )
),

monthly_movements as (
    select
        issued_movements.scenario,
        issued_movements.programme,
        issued_movements.period_month,
        {%- for amount in amounts %}
        cast(sum(issued_movements.{{ amount }}) as bigint) as {{ amount }},
        {%- endfor %}
        sum(cast(issued_movements.net_issued as decimal(18, 0)) * issued_in.point_price) as priced,
        max(case when issued_movements.net_issued <> 0 and issued_in.point_price is null then 1 else 0 end)
            as lacks_price
    from issued_movements
    inner join ruled_months as issued_in
        on
            issued_movements.scenario = issued_in.scenario
            and issued_movements.programme = issued_in.programme
            and issued_movements.issue_month = issued_in.period_month
    group by issued_movements.scenario, issued_movements.programme, issued_movements.period_month
),

-- What members owe beyond what they have: nobody else can redeem less for it.
debtor_months as (
    select
        movements.scenario,
        movements.programme,
        movements.member_no,
        movements.period_month,
        sum(
            movements.issued - movements.spent - movements.expired - movements.clawed_back + movements.adjusted
        ) as moved
    from dated_movements as movements
    semi join debtors on movements.member_no = debtors.member_no
    group by movements.scenario, movements.programme, movements.member_no, movements.period_month
),

debtor_balances as (
    select
        *,
        sum(moved) over (partition by member_no order by period_month) as closing
    from debtor_months
),

monthly_overdrafts as (
    select
        scenario,
        programme,
        period_month,
        cast(sum(greatest(-closing, 0) - greatest(moved - closing, 0)) as bigint) as overdrawn
    from debtor_balances
    group by scenario, programme, period_month
),

priced_months as (
    select
        ruled_months.*,
        {%- for amount in amounts %}
        coalesce(monthly_movements.{{ amount }}, 0) as {{ amount }},
        {%- endfor %}
        coalesce(monthly_overdrafts.overdrawn, 0) as overdrawn,
        coalesce(monthly_movements.priced, 0) as priced,
        coalesce(monthly_movements.lacks_price, 0) as lacks_price_now
    from ruled_months
    left join monthly_movements
        on
            ruled_months.scenario = monthly_movements.scenario
            and ruled_months.programme = monthly_movements.programme
            and ruled_months.period_month = monthly_movements.period_month
    left join monthly_overdrafts
        on
            ruled_months.scenario = monthly_overdrafts.scenario
            and ruled_months.programme = monthly_overdrafts.programme
            and ruled_months.period_month = monthly_overdrafts.period_month
),

expectations as (
    select
        scenario,
        programme,
        known_month,
        -- What cohorts still hold counts as going to be redeemed, until some were watched to the end.
        case
            when sum(redemption_rate) is not null
                then least(greatest(sum(redemption_rate) + min(open_rate), 0), 1)
        end as expected_redemption_rate
    from {{ ref('int_loyalty__redemption_curve') }}
    where {{ condition }}
    group by scenario, programme, known_month
),

sums_so_far as (
    select
        priced_months.*,
        {%- for amount in amounts + ['overdrawn'] %}
        cast(sum(priced_months.{{ amount }}) over (
            partition by priced_months.scenario, priced_months.programme order by priced_months.period_month
        ) as bigint) as {{ amount }}_so_far,
        {%- endfor %}
        sum(priced_months.priced) over (
            partition by priced_months.scenario, priced_months.programme order by priced_months.period_month
        ) as priced_so_far,
        max(priced_months.lacks_price_now) over (
            partition by priced_months.scenario, priced_months.programme order by priced_months.period_month
        ) as lacks_price,
        cast(
            coalesce(priced_months.expected_redemption_rate, expectations.expected_redemption_rate) as double
        ) as expected_rate,
        case
            when priced_months.expected_redemption_rate is not null then 'setting'
            when expectations.expected_redemption_rate is not null then 'own_curve'
            else 'none'
        end as expected_rate_source
    from priced_months
    cross join point_in_time
    left join expectations
        on
            priced_months.scenario = expectations.scenario
            and priced_months.programme = expectations.programme
            and least(priced_months.period_month, point_in_time.last_full_month) = expectations.known_month
),

closed as (
    select
        *,
        issued_so_far - spent_so_far - expired_so_far - clawed_back_so_far + adjusted_so_far as closing
    from sums_so_far
),

shares as (
    select
        *,
        case
            when point_price is not null and lacks_price = 0 then {{ money('cast(priced_so_far as double) / 100') }}
        end as allocated_amount,
        -- Who took back as much as was issued owes nothing. Where nothing is to be redeemed, nothing is owed. More
        -- than what is left cannot be redeemed, whatever is expected.
        case
            when net_issued_so_far <= 0 then cast(0 as double)
            when expected_rate is not null
                then
                    1 - coalesce({{ ratio(
                        'greatest(spent_so_far, 0)',
                        'least(net_issued_so_far * expected_rate, greatest(spent_so_far, 0) + closing + overdrawn_so_far)'
                    ) }}, 1)
        end as unredeemed_share
    from closed
),

owed as (
    select
        *,
        case
            when allocated_amount is not null and expected_rate is not null and unredeemed_share is not null
                then {{ money('cast(greatest(priced_so_far, 0) as double) / 100 * greatest(unredeemed_share, 0)') }}
        end as liability_amount
    from shares
),

point_liability as (
    select
        *,
        -- A month in which the liability was not known recognised nothing: the next known one makes up for it.
        case
            when liability_amount is not null
                then
                    allocated_amount - liability_amount
                    - coalesce(lag(allocated_amount - liability_amount) over (
                        partition by scenario, programme, liability_amount is null order by period_month
                    ), 0)
        end as revenue_recognised
    from owed
)
{%- endmacro %}
