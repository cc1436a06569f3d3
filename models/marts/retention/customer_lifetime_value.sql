-- Grain: one person with a valid order. Money is in the reporting currency. frequency counts repeat purchase days, as
-- buy-till-you-die models do; recency and age are in weeks from the first purchase day. Forecasts are means: they may
-- be summed over people, and nobody buys 0.4 times.
with

customers as (
    select * from {{ ref('int_lifetime__customers') }}
),

scores as (
    select * from {{ ref('int_lifetime__scores') }}
),

point_in_time as (
    select {{ add_days('as_of', 1) }} as ended_before
    from {{ ref('point_in_time') }}
),

-- By the calendar, so that three years from one day to the same day are 3, leap years or not.
aged as (
    select
        customers.*,
        ({{ months_between('customers.first_ordered_on', 'point_in_time.ended_before') }}
        + cast(day(point_in_time.ended_before) - day(customers.first_ordered_on) as double) / 31) / 12 as age_years
    from customers
    cross join point_in_time
)

select
    aged.customer_id,
    scores.model,
    scores.fitted_segment,
    cast(aged.frequency as bigint) as frequency,
    {{ significant(ratio('aged.recency_days', '7')) }} as recency_weeks,
    {{ significant(ratio('aged.age_days', '7')) }} as age_weeks,
    {{ money(ratio('aged.net_revenue', 'aged.converted_order_count')) }} as mean_order_value,
    cast(case when aged.converted_order_count > 0 then aged.net_revenue end as decimal(18, 2)) as historic_value,
    -- A year's spend times the years that a customer stays; the first year is not stretched.
    {{ money(
        'case when aged.converted_order_count > 0 then cast(aged.net_revenue as double)'
        ~ ' / greatest(aged.age_years, cast(1 as double)) * cast('
        ~ threshold('customer_lifespan_years') ~ ' as double) end'
    ) }} as simple_value,
    {{ significant('scores.probability_alive') }} as probability_alive,
    {{ significant('scores.expected_orders_30d') }} as expected_orders_30d,
    {{ significant('scores.expected_orders_90d') }} as expected_orders_90d,
    {{ significant('scores.expected_orders_365d') }} as expected_orders_365d,
    {{ money('scores.expected_order_value') }} as expected_order_value,
    {{ money('scores.predicted_value_365d') }} as predicted_value_365d
from aged
inner join scores on aged.customer_id = scores.customer_id
