-- One channel, frequency and age: purchase days to expect of somebody who still buys, in 30, 90 and 365 days, and those
-- of the 365 discounted by month.
{%- set months = 12 %}
with

choices as (
    select * from {{ ref('int_lifetime__choices') }}
),

fits as (
    select
        channel as fit_id,
        r,
        alpha,
        a,
        b,
        first_exit
    from choices
    where model <> 'average'
),

ages as (
    select distinct
        segment as fit_id,
        frequency,
        age_days
    from {{ ref('int_lifetime__purchase_groups') }}
    where fit_window = 'to_date' and segment_type = 'channel'
),

month_numbers as (
    select {{ explode(integers(1, months)) }} as month_number
),

-- The orders of a month are those up to its end without those up to its begin, hence two discounts to every end.
horizons as (
    select
        cast(365 as double) * month_number / {{ months }} as horizon_days,
        power(1 + rate, -month_number)
        - case when month_number < {{ months }} then power(1 + rate, -month_number - 1) else 0 end as discount
    from month_numbers
    cross join (select cast({{ threshold('monthly_discount_rate') }} as double) as rate) as rates
    union all
    select
        cast(30 as double) as horizon_days,
        cast(0 as double) as discount
    union all
    select
        cast(90 as double) as horizon_days,
        cast(0 as double) as discount
),

expected as (
    {{ expected_orders('fits', 'ages', 'horizons') }}
)

select
    expected.fit_id as channel,
    expected.frequency,
    expected.age_days,
    {%- for days in [30, 90, 365] %}
    max(case when expected.horizon_days = {{ days }} then expected.expected_if_alive end)
        as expected_orders_{{ days }}d,
    {%- endfor %}
    sum(expected.expected_if_alive * horizons.discount) as discounted_orders_365d
from expected
inner join horizons on expected.horizon_days = horizons.horizon_days
group by expected.fit_id, expected.frequency, expected.age_days
