-- By which day have a quarter, a half of the customers placed their second order? The moment for a reminder lies
-- before it.
with

curve as (
    select * from {{ ref('repurchase_curve') }}
    where segment_type = 'all'
)

select
    order_number,
    min(case when survival <= 0.75 then days end) as days_until_a_quarter_is_back,
    min(case when survival <= 0.5 then days end) as days_until_half_are_back,
    max(at_risk) as customers
from curve
group by order_number
order by order_number
