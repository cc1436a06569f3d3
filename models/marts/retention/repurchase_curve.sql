-- Grain: segment, order number, days since that order. Kaplan-Meier: customers who have not bought again yet count as
-- long as they were watched. Orders of one day are one purchase. Trap: at_risk late in the curve is small; read it
-- with the rate.
with

purchase_days as (
    select * from {{ ref('int_metrics__purchase_days') }}
),

segments as (
    select * from {{ ref('int_metrics__customer_segments') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

spells as (
    select
        purchase_days.customer_id,
        purchase_days.day_number as order_number,
        {{ days_between(
            'purchase_days.ordered_on', 'coalesce(purchase_days.next_ordered_on, point_in_time.as_of)'
        ) }} as days,
        purchase_days.next_ordered_on is not null as has_bought_again
    from purchase_days
    cross join point_in_time
    where purchase_days.day_number <= {{ threshold('max_order_number') }}
),

days as (
    select
        segments.segment_type,
        segments.segment,
        spells.order_number,
        spells.days,
        count(*) as ended,
        count(*) filter (where spells.has_bought_again) as events
    from spells
    inner join segments on spells.customer_id = segments.customer_id
    group by segments.segment_type, segments.segment, spells.order_number, spells.days
),

starts as (
    select
        segment_type,
        segment,
        order_number,
        0 as days,
        0 as ended,
        0 as events
    from days
    group by segment_type, segment, order_number
    having min(days) > 0
),

all_days as (
    select * from days
    union all
    select * from starts
),

risks as (
    select
        *,
        sum(ended) over (partition by segment_type, segment, order_number order by days desc) as at_risk
    from all_days
),

steps as (
    select
        *,
        sum(case when events < at_risk then ln(cast(at_risk - events as double) / cast(at_risk as double)) else 0 end)
            over (partition by segment_type, segment, order_number order by days) as log_survival,
        max(case when events = at_risk then 1 else 0 end)
            over (partition by segment_type, segment, order_number order by days) as is_over
    from risks
)

select
    segment_type,
    segment,
    cast(order_number as bigint) as order_number,
    cast(days as bigint) as days,
    {{ significant('case when is_over = 1 then 0 else exp(log_survival) end') }} as survival,
    cast(at_risk as bigint) as at_risk,
    cast(events as bigint) as events
from steps
