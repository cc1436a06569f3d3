-- One day of the shop's history: MetricFlow's calendar.
with

history as (
    select
        min(orders.ordered_on) as starts_on,
        max(point_in_time.as_of) as ends_on
    from {{ ref('orders') }} as orders
    cross join {{ ref('point_in_time') }} as point_in_time
),

numbered as (
    select
        starts_on,
        {{ explode(integers(0, days_between('starts_on', 'ends_on'))) }} as day_number
    from history
    where starts_on is not null
)

select {{ add_days('starts_on', 'day_number') }} as date_day
from numbered
