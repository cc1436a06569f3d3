-- Which orders are left out, why, and how much merchandise is on them?
select
    coalesce(invalid_reason, 'counts') as reason,
    count(*) as orders,
    sum(gross_revenue - discount_amount) as revenue_before_refunds,
    sum(refunded_amount) as refunded,
    currency_code
from {{ ref('orders') }}
group by coalesce(invalid_reason, 'counts'), currency_code
order by orders desc, reason asc, currency_code asc
