-- Month 0 of the whole counts every customer once, and its orders over all months are all valid orders of known
-- customers.
with

cohort_totals as (
    select
        sum(case when months_since_first = 0 then cohort_customers else 0 end) as customers,
        sum(order_count) as orders
    from {{ ref('customer_cohorts') }}
    where segment_type = 'all'
),

order_totals as (
    select
        count(distinct customer_id) as customers,
        count(*) as orders
    from {{ ref('orders') }}
    where is_valid and customer_id is not null
)

select
    cohort_totals.customers,
    order_totals.customers as expected_customers,
    cohort_totals.orders,
    order_totals.orders as expected_orders
from cohort_totals
cross join order_totals
where
    coalesce(cohort_totals.customers, 0) <> order_totals.customers
    or coalesce(cohort_totals.orders, 0) <> order_totals.orders
