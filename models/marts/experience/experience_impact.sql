-- Grain: one kind of bad experience. Valid orders that it followed within experience_days, against orders of the same
-- quarter, country, channel, number and size that nothing bad followed: how many of the people bought again on a later
-- day within driver_outcome_days. Trap: no experiment; people who complain differ from those who leave in silence.
with

orders as (
    select * from {{ ref('orders') }}
    where is_valid and customer_id is not null
),

purchase_days as (
    select * from {{ ref('int_metrics__purchase_days') }}
),

experiences as (
    select * from {{ ref('bad_experiences') }}
),

-- Of several orders of a day the last one stands for them.
watched as (
    select
        orders.order_id,
        orders.customer_id,
        orders.ordered_on,
        purchase_days.next_ordered_on,
        concat_ws(
            '|',
            year(orders.ordered_on) * 10 + quarter(orders.ordered_on),
            orders.country_code,
            orders.sales_channel,
            least(orders.order_sequence, 5),
            {{ value_band('orders.net_revenue_reporting') }}
        ) as stratum,
        coalesce(
            {{ days_between('orders.ordered_on', 'purchase_days.next_ordered_on') }}
            <= {{ threshold('driver_outcome_days') }},
            false
        ) as came_back
    from orders
    cross join {{ ref('point_in_time') }} as point_in_time
    inner join purchase_days
        on
            orders.customer_id = purchase_days.customer_id
            and orders.ordered_on = purchase_days.ordered_on
            and orders.order_sequence = purchase_days.last_order_sequence
    where {{ add_days('orders.ordered_on', threshold('driver_outcome_days')) }} <= point_in_time.as_of
),

-- What names its order belongs to it, whenever it was told; the rest to the order before it.
followed as (
    select
        watched.order_id,
        experiences.kind
    from watched
    inner join experiences on watched.order_id = experiences.order_id
    where {{ days_between('watched.ordered_on', 'experiences.opened_on') }} < {{ threshold('experience_days') }}
    union
    select
        watched.order_id,
        experiences.kind
    from watched
    inner join experiences
        on
            watched.customer_id = experiences.customer_id
            and experiences.order_id is null
            and watched.ordered_on <= experiences.opened_on
            and coalesce(watched.next_ordered_on > experiences.opened_on, true)
    where {{ days_between('watched.ordered_on', 'experiences.opened_on') }} < {{ threshold('experience_days') }}
),

kinds as (
    select distinct kind from followed
),

spared as (
    select watched.* from watched
    anti join followed on watched.order_id = followed.order_id
),

units as (
    select
        followed.kind as driver,
        'had' as level,
        'all' as segment_type,
        'all' as segment,
        watched.stratum,
        watched.came_back
    from watched
    inner join followed on watched.order_id = followed.order_id
    union all
    select
        kinds.kind as driver,
        'spared' as level,
        'all' as segment_type,
        'all' as segment,
        spared.stratum,
        spared.came_back
    from spared
    cross join kinds
),

{{ matched_effects('units') }}

select
    driver as kind,
    customers as order_count,
    repurchase_rate,
    naive_effect,
    naive_low,
    naive_high,
    matched_customers as matched_order_count,
    matched_effect,
    matched_low,
    matched_high,
    matched_customers >= {{ threshold('min_denominator') }} as is_reliable
from matched_effects
where level = 'had'
