-- A vendor's figure and all steps are our figure, to a cent or a millionth.
select
    vendor,
    measure,
    period_month,
    sum(case when step = 'ours' then -amount else amount end) as missing
from {{ ref('vendor_bridge') }}
group by vendor, measure, period_month
having abs(sum(case when step = 'ours' then -amount else amount end)) > 0.005
