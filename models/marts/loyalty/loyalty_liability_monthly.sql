-- Grain: programme and month, from its first movement to as_of, with which the last month ends. Points that move may
-- be summed over months, opening and closing points may not; nor may the liability and rates, which are as of the
-- month's end. No points are summed over programmes: one programme's point is not worth another's.
-- Traps: an early month's liability knows only what was known by its end, but the movements are those known today, and
-- so late data restates both. closing_points is available + pending - debt; a clawback counts in full in its month,
-- whether lots had the points or the member owes them.
with

{{ point_liability('live') }}

select
    point_liability.programme,
    point_liability.period_month as month,
    {{ as_points('point_liability.closing - (point_liability.issued - point_liability.spent - point_liability.expired'
        ~ ' - point_liability.clawed_back + point_liability.adjusted)') }} as opening_points,
    {{ as_points('point_liability.issued') }} as issued_points,
    {{ as_points('point_liability.spent') }} as spent_points,
    {{ as_points('point_liability.expired') }} as expired_points,
    {{ as_points('point_liability.clawed_back') }} as clawed_back_points,
    {{ as_points('point_liability.adjusted') }} as adjusted_points,
    {{ as_points('point_liability.closing') }} as closing_points,
    {{ significant(ratio('point_liability.expired_so_far', 'point_liability.issued_so_far')) }} as breakage_rate,
    {{ significant('point_liability.expected_rate') }} as expected_redemption_rate,
    point_liability.expected_rate_source,
    point_in_time.reporting_currency as currency_code,
    point_liability.allocated_amount,
    point_liability.liability_amount,
    cast(point_liability.revenue_recognised as decimal(18, 2)) as revenue_recognised
from point_liability
cross join point_in_time
