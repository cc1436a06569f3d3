-- One buyer: after how many days without an order the person has left, by the person's own rhythm: the gap that nine of
-- ten of them stay below. With fewer than min_own_gaps gaps it is mixed with that of everybody who first bought in the
-- same channel; with none it is theirs.
with

days as (
    select distinct
        customer_id,
        ordered_on
    from {{ ref('orders') }}
    where is_valid and customer_id is not null
),

followed as (
    select
        customer_id,
        ordered_on,
        lag(ordered_on) over (partition by customer_id order by ordered_on) as previous_ordered_on
    from days
),

gaps as (
    select
        customer_id,
        {{ days_between('previous_ordered_on', 'ordered_on') }} as gap_days
    from followed
    where previous_ordered_on is not null
),

lifecycle as (
    select
        customer_id,
        coalesce(first_order_channel, 'unknown') as segment,
        last_ordered_on
    from {{ ref('int_customers__lifecycle') }}
    where order_count > 0
),

own as (
    select
        customer_id,
        count(*) as gap_count,
        percentile_cont(0.9) within group (order by gap_days) as long_gap
    from gaps
    group by customer_id
),

everybody as (
    select percentile_cont(0.9) within group (order by gap_days) as long_gap
    from gaps
),

segments as (
    select
        lifecycle.segment,
        percentile_cont(0.9) within group (order by gaps.gap_days) as long_gap
    from gaps
    inner join lifecycle on gaps.customer_id = lifecycle.customer_id
    group by lifecycle.segment
    having count(*) >= {{ threshold('min_denominator') }}
),

settings as (
    select
        {{ threshold('min_own_gaps') }} as min_own_gaps,
        {{ threshold('min_churn_days') }} as min_churn_days,
        {{ threshold('max_churn_days') }} as max_churn_days
),

mixed as (
    select
        lifecycle.customer_id,
        lifecycle.last_ordered_on,
        coalesce(own.gap_count, 0) as gap_count,
        least(coalesce(own.gap_count, 0) / cast(settings.min_own_gaps as double), 1) as own_weight,
        own.long_gap as own_gap,
        coalesce(segments.long_gap, everybody.long_gap) as others_gap,
        settings.min_churn_days,
        settings.max_churn_days
    from lifecycle
    cross join settings
    cross join everybody
    left join own on lifecycle.customer_id = own.customer_id
    left join segments on lifecycle.segment = segments.segment
),

bounded as (
    select
        *,
        least(
            greatest(
                ceil(
                    round(own_weight * coalesce(own_gap, 0) + (1 - own_weight) * coalesce(others_gap, own_gap), 6)
                ),
                min_churn_days
            ),
            max_churn_days
        ) as churn_days
    from mixed
    where coalesce(others_gap, own_gap) is not null
)

select
    customer_id,
    cast(gap_count as bigint) as gap_count,
    cast(churn_days as bigint) as churn_days,
    {{ add_days('last_ordered_on', 'churn_days') }} as churns_on
from bounded
