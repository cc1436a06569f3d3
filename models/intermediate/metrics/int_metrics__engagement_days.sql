-- One metric of messages, visits and order values, day and segment: what counts above the line and below it that day,
-- and the squares of what is counted where it is money.
with

orders as (
    select * from {{ ref('orders') }}
    where is_valid and customer_id is not null
),

stages as (
    select * from {{ ref('lifecycle_rules') }}
    where rule_type = 'purchase_stage'
),

staged_orders as (
    select
        orders.*,
        stages.label as stage,
        case
            when orders.order_sequence < {{ threshold('max_order_number') }} then cast(orders.order_sequence as string)
            else cast(cast({{ threshold('max_order_number') }} as int) as string) || '+'
        end as order_number
    from orders
    inner join stages
        on
            orders.order_sequence >= stages.at_least
            and orders.order_sequence <= coalesce(stages.at_most, orders.order_sequence)
),

online_orders as (
    select * from {{ ref('orders') }}
    where is_valid and sales_channel <> 'pos'
),

emails as (
    select
        messaged_on,
        message_class,
        opened_at is not null as is_opened,
        coalesce(opened_at, machine_opened_at) is not null as is_opened_by_anything
    from {{ ref('messages') }}
    where channel = 'email' and delivered_at is not null
),

sessions as (
    select * from {{ ref('web_sessions') }}
),

visits as (
    select * from {{ ref('tracking_page_visits') }}
),

first_visits as (
    select
        session_id,
        visited_on
    from visits
    qualify row_number() over (partition by session_id order by visited_at asc, visit_id asc) = 1
),

second_orders as (
    select
        customer_id,
        ordered_at
    from orders
    where order_sequence = 2
),

observed as (
    {%- for metric, hit in {'open_rate': 'is_opened', 'open_rate_with_machines': 'is_opened_by_anything'}.items() %}
    {%- for segment_type, segment in {'all': "'all'", 'message_class': 'message_class'}.items() %}
    select
        '{{ metric }}' as metric,
        messaged_on as counted_on,
        '{{ segment_type }}' as segment_type,
        {{ segment }} as segment,
        case when {{ hit }} then 1 else 0 end as numerator,
        1 as denominator
    from emails
    union all
    {%- endfor %}
    {%- endfor %}
    select
        'tracking_visits_per_order' as metric,
        visited_on as counted_on,
        'all' as segment_type,
        'all' as segment,
        1 as numerator,
        0 as denominator
    from visits
    union all
    select
        'tracking_visits_per_order' as metric,
        ordered_on as counted_on,
        'all' as segment_type,
        'all' as segment,
        0 as numerator,
        1 as denominator
    from online_orders
    where exists (select 1 from visits)
    union all
    select
        'revenue_per_tracking_visit' as metric,
        first_visits.visited_on as counted_on,
        'all' as segment_type,
        'all' as segment,
        coalesce(online_orders.net_revenue_reporting, 0) as numerator,
        1 as denominator
    from first_visits
    inner join sessions on first_visits.session_id = sessions.session_id
    left join online_orders on sessions.order_id = online_orders.order_id
    union all
    select
        'direct_visit_share' as metric,
        sessions.started_on as counted_on,
        'all' as segment_type,
        'all' as segment,
        case when sessions.channel = 'direct' then 1 else 0 end as numerator,
        1 as denominator
    from sessions
    inner join second_orders
        on sessions.customer_id = second_orders.customer_id and sessions.started_at >= second_orders.ordered_at
    union all
    select
        'average_order_value' as metric,
        ordered_on as counted_on,
        'order_number' as segment_type,
        order_number as segment,
        net_revenue_reporting as numerator,
        1 as denominator
    from staged_orders
    where net_revenue_reporting is not null
),

daily as (
    select
        metric,
        counted_on,
        segment_type,
        segment,
        sum(numerator) as numerator,
        sum(denominator) as denominator,
        sum(cast(numerator as decimal(19, 2)) * numerator) as squares,
        cast(null as bigint) as cases
    from observed
    group by metric, counted_on, segment_type, segment
),

stage_revenue as (
    select
        ordered_on,
        stage,
        sum(net_revenue_reporting) as net_revenue,
        sum(sum(net_revenue_reporting)) over (partition by ordered_on) as all_revenue,
        sum(count(net_revenue_reporting)) over (partition by ordered_on) as all_orders
    from staged_orders
    group by ordered_on, stage
),

revenue_days as (
    select distinct
        ordered_on,
        all_revenue,
        all_orders
    from stage_revenue
)

select * from daily
union all
select
    'revenue_share' as metric,
    days.ordered_on as counted_on,
    'purchase_stage' as segment_type,
    stages.label as segment,
    coalesce(stage_revenue.net_revenue, 0) as numerator,
    days.all_revenue as denominator,
    cast(null as decimal(38, 4)) as squares,
    days.all_orders as cases
from revenue_days as days
cross join stages
left join stage_revenue on days.ordered_on = stage_revenue.ordered_on and stages.label = stage_revenue.stage
where stages.at_least > 0
