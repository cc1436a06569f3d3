-- Grain: one kind of bad experience. Days with orders that it followed within experience_days, against those of the
-- same quarter, country, channel, number and size that nothing bad followed: how many of the people bought again on a
-- later day within driver_outcome_days. Trap: no experiment; people who complain differ from those who leave in
-- silence.
with

-- What was bought and sent back whole was an order, too; often it is the bad experience.
orders as (
    select
        *,
        gross_revenue - discount_amount as ordered_revenue
    from {{ ref('orders') }}
    where customer_id is not null and (is_valid or invalid_reason = 'fully_refunded')
),

experiences as (
    select * from {{ ref('bad_experiences') }}
),

shipment_orders as (
    select * from {{ ref('shipment_orders') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

-- The largest order of a day stands for the day.
days as (
    select
        *,
        max(case when is_valid then 1 else 0 end) over (partition by customer_id, ordered_on) = 1 as is_purchase_day,
        row_number() over (partition by customer_id, ordered_on order by ordered_revenue desc, order_id asc) as position
    from orders
),

numbered as (
    select
        *,
        row_number() over (partition by customer_id order by ordered_on) as day_number,
        min(case when is_purchase_day then ordered_on end) over (
            partition by customer_id order by ordered_on rows between 1 following and unbounded following
        ) as next_ordered_on,
        lead(ordered_on) over (partition by customer_id order by ordered_on) as next_day_on
    from days
    where position = 1
),

watched as (
    select
        numbered.order_id,
        numbered.customer_id,
        numbered.ordered_on,
        numbered.next_day_on,
        concat_ws(
            '|',
            year(numbered.ordered_on) * 10 + quarter(numbered.ordered_on),
            numbered.country_code,
            numbered.sales_channel,
            least(numbered.day_number, 5),
            {{ value_band('numbered.ordered_revenue') }}
        ) as stratum,
        coalesce(
            {{ days_between('numbered.ordered_on', 'numbered.next_ordered_on') }}
            <= {{ threshold('driver_outcome_days') }},
            false
        ) as came_back
    from numbered
    cross join point_in_time
    where {{ add_days('numbered.ordered_on', threshold('driver_outcome_days')) }} <= point_in_time.as_of
),

of_orders as (
    select
        kind,
        opened_on,
        order_id
    from experiences
    where order_id is not null
    union
    select
        experiences.kind,
        experiences.opened_on,
        shipment_orders.order_id
    from experiences
    inner join shipment_orders on experiences.source_id = shipment_orders.shipment_id
    where experiences.kind in ('late_parcel', 'exception')
),

-- What names its order belongs to the day of that order, whenever it was told; the rest to the order before it.
followed as (
    select
        watched.order_id,
        of_orders.kind
    from watched
    inner join orders on watched.customer_id = orders.customer_id and watched.ordered_on = orders.ordered_on
    inner join of_orders on orders.order_id = of_orders.order_id
    where {{ days_between('watched.ordered_on', 'of_orders.opened_on') }} < {{ threshold('experience_days') }}
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
            and coalesce(watched.next_day_on > experiences.opened_on, true)
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
