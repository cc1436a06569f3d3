-- One window, month and segment: what people did in it. Squares serve the intervals. For to_date everything is a
-- running sum of what each month added, so that no person is counted month by month.
{%- set sums = [
    'customers', 'repeat_customers', 'repeat_day_customers', 'returning_customers', 'orders', 'converted_orders',
    'net_revenue', 'squared_revenue',
] %}
with

purchase_days as (
    select * from {{ ref('int_metrics__purchase_days') }}
),

periods as (
    select * from {{ ref('int_metrics__periods') }}
),

segments as (
    select * from {{ ref('int_metrics__customer_segments') }}
),

customer_windows as (
    select
        periods.period_window,
        periods.period_month,
        purchase_days.customer_id,
        sum(purchase_days.order_count) as order_count,
        count(*) as day_count,
        max(purchase_days.last_order_sequence) as last_order_sequence,
        sum(purchase_days.converted_order_count) as converted_order_count,
        sum(purchase_days.net_revenue) as net_revenue,
        sum(purchase_days.squared_revenue) as squared_revenue
    from purchase_days
    inner join periods
        on purchase_days.ordered_on >= periods.starts_on and purchase_days.ordered_on <= periods.ends_on
    where periods.period_window in ('month', 'trailing_365d')
    group by periods.period_window, periods.period_month, purchase_days.customer_id
),

windows as (
    select
        customer_windows.period_window,
        customer_windows.period_month,
        segments.segment_type,
        segments.segment,
        count(*) as customers,
        count(*) filter (where customer_windows.order_count >= 2) as repeat_customers,
        count(*) filter (where customer_windows.day_count >= 2) as repeat_day_customers,
        count(*) filter (where customer_windows.last_order_sequence >= 2) as returning_customers,
        sum(customer_windows.order_count) as orders,
        sum(customer_windows.converted_order_count) as converted_orders,
        sum(customer_windows.net_revenue) as net_revenue,
        sum(customer_windows.squared_revenue) as squared_revenue,
        sum(customer_windows.order_count * customer_windows.order_count) as squared_customer_orders,
        sum(customer_windows.net_revenue * customer_windows.net_revenue) as squared_customer_revenue
    from customer_windows
    inner join segments on customer_windows.customer_id = segments.customer_id
    group by
        customer_windows.period_window, customer_windows.period_month, segments.segment_type, segments.segment
),

added as (
    select
        purchase_days.order_month as period_month,
        segments.segment_type,
        segments.segment,
        count(*) filter (where purchase_days.day_number = 1) as customers,
        count(*) filter (
            where purchase_days.last_order_sequence >= 2
            and purchase_days.last_order_sequence - purchase_days.order_count < 2
        ) as repeat_customers,
        count(*) filter (where purchase_days.day_number = 2) as repeat_day_customers,
        sum(purchase_days.order_count) as orders,
        sum(purchase_days.converted_order_count) as converted_orders,
        sum(purchase_days.net_revenue) as net_revenue,
        sum(purchase_days.squared_revenue) as squared_revenue
    from purchase_days
    inner join segments on purchase_days.customer_id = segments.customer_id
    group by purchase_days.order_month, segments.segment_type, segments.segment
),

segment_months as (
    select
        periods.period_month,
        names.segment_type,
        names.segment
    from periods
    cross join (
        select distinct
            segment_type,
            segment
        from segments
    ) as names
    where periods.period_window = 'to_date'
),

to_date as (
    select
        segment_months.period_month,
        segment_months.segment_type,
        segment_months.segment,
        {%- for measure in sums %}
        sum(coalesce({{ 'added.' ~ (measure if measure != 'returning_customers' else 'repeat_customers') }}, 0)) over (
            partition by segment_months.segment_type, segment_months.segment
            order by segment_months.period_month
        ) as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from segment_months
    left join added
        on
            segment_months.period_month = added.period_month
            and segment_months.segment_type = added.segment_type
            and segment_months.segment = added.segment
)

select
    period_window,
    period_month,
    segment_type,
    segment,
    {%- for measure in sums %}
    {{ measure }},
    {%- endfor %}
    squared_customer_orders,
    squared_customer_revenue
from windows
union all
select
    'to_date' as period_window,
    period_month,
    segment_type,
    segment,
    {%- for measure in sums %}
    {{ measure }},
    {%- endfor %}
    cast(null as decimal(38, 4)) as squared_customer_orders,
    cast(null as decimal(38, 4)) as squared_customer_revenue
from to_date
where customers > 0
