-- One person's hour of the day, in the reporting zone: the one in which the person came to the site or ordered there on
-- the most days. Left out is what others timed: visits that a message brought, renewals of subscriptions, tills.
with

acts as (
    select
        customer_id,
        started_at as acted_at
    from {{ ref('web_sessions') }}
    where customer_id is not null and channel not in ('email', 'sms', 'push')
    union all
    select
        customer_id,
        ordered_at as acted_at
    from {{ ref('orders') }}
    where is_valid and customer_id is not null and sales_channel = 'online'
),

local_acts as (
    select
        acts.customer_id,
        {{ utc_to_local('acts.acted_at', 'point_in_time.reporting_timezone') }} as acted_at
    from acts
    cross join {{ ref('point_in_time') }} as point_in_time
),

days as (
    select
        customer_id,
        hour(acted_at) as acted_hour,
        cast(acted_at as date) as acted_on
    from local_acts
    group by customer_id, hour(acted_at), cast(acted_at as date)
),

hours as (
    select
        customer_id,
        acted_hour,
        count(*) as day_count,
        max(acted_on) as last_acted_on
    from days
    group by customer_id, acted_hour
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by day_count desc, last_acted_on desc, acted_hour asc
        ) as position
    from hours
)

select
    customer_id,
    cast(acted_hour as bigint) as preferred_hour,
    day_count as preferred_hour_days
from ranked
where position = 1
