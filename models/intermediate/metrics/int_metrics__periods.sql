-- One window ending with a month, or with as_of in the month that is not over.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

history as (
    select
        min(purchase_days.ordered_on) as history_starts_on,
        max(point_in_time.as_of) as as_of
    from {{ ref('int_metrics__purchase_days') }} as purchase_days
    cross join point_in_time
),

numbered as (
    select
        history_starts_on,
        as_of,
        {{ explode(integers(
            0, months_between(month_of('history_starts_on'), month_of('as_of'))
        )) }} as month_number
    from history
    where history_starts_on is not null
),

months as (
    select
        history_starts_on,
        as_of,
        {{ add_months(month_of('history_starts_on'), 'month_number') }} as period_month
    from numbered
),

dated as (
    select
        history_starts_on,
        as_of,
        period_month,
        {{ last_day_of_month('period_month') }} as month_ends_on,
        least({{ last_day_of_month('period_month') }}, as_of) as ends_on
    from months
)

select
    'month' as period_window,
    period_month,
    period_month as starts_on,
    ends_on,
    month_ends_on <= as_of as is_mature
from dated
union all
select
    'trailing_365d' as period_window,
    period_month,
    {{ add_days('ends_on', -364) }} as starts_on,
    ends_on,
    history_starts_on <= {{ add_days('ends_on', -364) }} as is_mature
from dated
union all
select
    'to_date' as period_window,
    period_month,
    history_starts_on as starts_on,
    ends_on,
    true as is_mature
from dated
