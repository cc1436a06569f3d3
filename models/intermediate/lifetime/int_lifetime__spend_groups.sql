-- Customers of a segment who are equal to Gamma-Gamma: the same number of repeat days with money and the same mean of
-- them. Whoever spent nothing on them has no amount to tell of.
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
    customers.spend_days as frequency,
    {{ ratio('customers.repeat_revenue', 'customers.spend_days') }} as mean_value,
    count(*) as customers
from customers
inner join segments on customers.customer_id = segments.customer_id
where customers.spend_days > 0 and customers.repeat_revenue > 0
group by segments.segment_type, segments.segment, customers.spend_days, customers.repeat_revenue
