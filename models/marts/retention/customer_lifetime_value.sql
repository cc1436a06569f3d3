-- Grain: one person with a valid order. Money is in the reporting currency. frequency counts repeat purchase days, as
-- buy-till-you-die models do; recency and age are in weeks from the first purchase day.
with

purchase_days as (
    select * from {{ ref('int_metrics__purchase_days') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

summaries as (
    select
        purchase_days.customer_id,
        count(*) - 1 as frequency,
        {{ days_between('min(purchase_days.ordered_on)', 'max(purchase_days.ordered_on)') }} as recency_days,
        {{ days_between('min(purchase_days.ordered_on)', 'max(point_in_time.as_of)') }} as age_days,
        min(purchase_days.ordered_on) as first_ordered_on,
        {{ add_days('max(point_in_time.as_of)', 1) }} as ended_before,
        sum(purchase_days.net_revenue) as historic_value,
        sum(purchase_days.converted_order_count) as order_count
    from purchase_days
    cross join point_in_time
    group by purchase_days.customer_id
),

-- By the calendar, so that three years from one day to the same day are 3, leap years or not.
aged as (
    select
        *,
        ({{ months_between('first_ordered_on', 'ended_before') }}
        + cast(day(ended_before) - day(first_ordered_on) as double) / 31) / 12 as age_years
    from summaries
)

select
    customer_id,
    cast(frequency as bigint) as frequency,
    {{ significant(ratio('recency_days', '7')) }} as recency_weeks,
    {{ significant(ratio('age_days', '7')) }} as age_weeks,
    {{ money(ratio('historic_value', 'order_count')) }} as mean_order_value,
    cast(case when order_count > 0 then historic_value end as decimal(18, 2)) as historic_value,
    -- A year's spend times the years that a customer stays; the first year is not stretched.
    {{ money(
        'cast(historic_value as double) / greatest(age_years, cast(1 as double)) * cast('
        ~ threshold('customer_lifespan_years') ~ ' as double)'
    ) }} as simple_value
from aged
