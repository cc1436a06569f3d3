-- Grain: one kind of record of one system. Which share of it, and of the money in it, belongs to a known person.
with

records as (
    select * from {{ ref('int_identity__records') }}
),

orders as (
    select * from {{ ref('orders') }}
),

counted as (
    select
        source_name,
        source_record_type,
        count(*) as record_count,
        count(customer_id) as resolved_record_count,
        count(distinct customer_id) as customer_count
    from records
    group by source_name, source_record_type
),

revenue as (
    select
        source_name,
        sum(net_revenue_reporting) as revenue,
        sum(case when customer_id is not null then net_revenue_reporting end) as resolved_revenue
    from orders
    where is_valid
    group by source_name
)

select
    counted.source_name,
    counted.source_record_type,
    counted.record_count,
    counted.resolved_record_count,
    {{ significant(ratio('counted.resolved_record_count', 'counted.record_count')) }} as resolved_share,
    counted.customer_count,
    cast(revenue.revenue as decimal(18, 2)) as revenue,
    cast(revenue.resolved_revenue as decimal(18, 2)) as resolved_revenue,
    {{ significant(ratio('revenue.resolved_revenue', 'revenue.revenue')) }} as resolved_revenue_share
from counted
left join revenue
    on counted.source_name = revenue.source_name and counted.source_record_type in ('order', 'sale')
