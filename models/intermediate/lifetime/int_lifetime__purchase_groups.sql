-- Customers of a window and segment who are equal to BG/NBD: the same repeat days, recency and age. However many people
-- there are, there are only so many groups.
with

customers as (
    select * from {{ ref('int_lifetime__customers') }}
),

segments as (
    select * from {{ ref('int_metrics__customer_segments') }}
    where segment_type in ('all', 'channel')
)

select
    'to_date' as fit_window,
    segments.segment_type,
    segments.segment,
    customers.frequency,
    customers.recency_days,
    customers.age_days,
    count(*) as customers,
    cast(null as bigint) as holdout_orders
from customers
inner join segments on customers.customer_id = segments.customer_id
group by
    segments.segment_type, segments.segment, customers.frequency, customers.recency_days, customers.age_days
union all
select
    'calibration' as fit_window,
    'all' as segment_type,
    'all' as segment,
    calibration_frequency as frequency,
    calibration_recency_days as recency_days,
    calibration_age_days as age_days,
    count(*) as customers,
    cast(sum(holdout_orders) as bigint) as holdout_orders
from customers
where calibration_frequency is not null
group by calibration_frequency, calibration_recency_days, calibration_age_days
