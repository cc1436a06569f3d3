-- One person with a valid order, summed up as lifetime models read people: repeat purchase days, days from the first to
-- the last and to as_of, spend of repeat days. The same as of the day on which the holdout began (null for who came
-- later), with the repeat days in it.
with

purchase_days as (
    select * from {{ ref('int_metrics__purchase_days') }}
),

point_in_time as (
    select
        as_of,
        {{ add_days('as_of', '-' ~ threshold('holdout_days')) }} as calibrated_until
    from {{ ref('point_in_time') }}
),

marked as (
    select
        purchase_days.customer_id,
        purchase_days.ordered_on,
        purchase_days.first_ordered_on,
        purchase_days.net_revenue,
        purchase_days.converted_order_count,
        purchase_days.day_number > 1 and purchase_days.converted_order_count > 0 as is_repeat_with_money,
        case when purchase_days.ordered_on <= point_in_time.calibrated_until then purchase_days.ordered_on end
            as calibrated_on,
        point_in_time.as_of,
        point_in_time.calibrated_until
    from purchase_days
    cross join point_in_time
)

select
    customer_id,
    min(first_ordered_on) as first_ordered_on,
    count(*) - 1 as frequency,
    {{ days_between('min(first_ordered_on)', 'max(ordered_on)') }} as recency_days,
    {{ days_between('min(first_ordered_on)', 'max(as_of)') }} as age_days,
    sum(net_revenue) as net_revenue,
    sum(converted_order_count) as converted_order_count,
    count(*) filter (where converted_order_count > 0) as money_days,
    count(*) filter (where is_repeat_with_money) as spend_days,
    sum(case when is_repeat_with_money then net_revenue else 0 end) as repeat_revenue,
    case when count(calibrated_on) > 0 then count(calibrated_on) - 1 end as calibration_frequency,
    {{ days_between('min(first_ordered_on)', 'max(calibrated_on)') }} as calibration_recency_days,
    case when count(calibrated_on) > 0 then {{ days_between('min(first_ordered_on)', 'max(calibrated_until)') }} end
        as calibration_age_days,
    case when count(calibrated_on) > 0 then count(*) - count(calibrated_on) end as holdout_orders
from marked
group by customer_id
