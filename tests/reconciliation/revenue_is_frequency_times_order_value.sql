-- Revenue per customer = purchase frequency x average order value (S3-05), on the counts, where every order carries
-- money.
with

parts as (
    select
        period_window,
        period_month,
        segment_type,
        segment,
        max(case when metric = 'revenue_per_customer' then cast(numerator as double) / denominator end) as revenue,
        max(case when metric = 'purchase_frequency' then cast(numerator as double) / denominator end) as frequency,
        max(case when metric = 'purchase_frequency' then numerator end) as order_count,
        max(case when metric = 'average_order_value' then cast(numerator as double) / denominator end) as order_value,
        max(case when metric = 'average_order_value' then denominator end) as converted_order_count
    from {{ ref('retention_scorecard') }}
    where metric in ('revenue_per_customer', 'purchase_frequency', 'average_order_value')
    group by period_window, period_month, segment_type, segment
)

select *
from parts
where
    order_count = converted_order_count
    and abs(revenue - frequency * order_value) > 0.000001 * greatest(abs(revenue), 1)
