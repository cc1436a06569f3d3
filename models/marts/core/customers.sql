-- Grain: one person, with or without orders. Money is in the reporting currency; orders without an exchange rate
-- count as orders and carry no money. Trap: refunds that name no order are not taken off any person's revenue, see
-- refunds.
with

people as (
    select
        customer_id,
        count(distinct source_name) as source_count
    from {{ ref('int_identity__records') }}
    where customer_id is not null
    group by customer_id
),

valid_orders as (
    select * from {{ ref('orders') }}
    where is_valid and customer_id is not null
),

order_history as (
    select
        customer_id,
        count(*) as order_count,
        min(ordered_on) as first_ordered_on,
        max(ordered_on) as last_ordered_on,
        sum(net_revenue_reporting) as net_revenue,
        count(net_revenue_reporting) as converted_order_count,
        min_by(sales_channel, order_sequence) as first_order_channel,
        min_by(source_name, order_sequence) as first_order_source,
        min_by(coalesce(country_code, 'unknown'), order_sequence) as first_order_country
    from valid_orders
    group by customer_id
),

rules as (
    select * from {{ ref('lifecycle_rules') }}
),

households as (
    select * from {{ ref('int_households__members') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

described as (
    select
        people.customer_id,
        people.source_count,
        order_history.first_ordered_on,
        order_history.last_ordered_on,
        coalesce(order_history.order_count, 0) as order_count,
        case when order_history.order_count is null then 0 else order_history.net_revenue end as net_revenue,
        {{ money(ratio('order_history.net_revenue', 'order_history.converted_order_count')) }} as average_order_value,
        {{ days_between('order_history.last_ordered_on', 'point_in_time.as_of') }} as days_since_last_order,
        order_history.first_order_channel,
        order_history.first_order_source,
        order_history.first_order_country,
        households.household_id
    from people
    cross join point_in_time
    left join order_history on people.customer_id = order_history.customer_id
    left join households on people.customer_id = households.customer_id
)

select
    described.customer_id,
    described.first_ordered_on,
    described.last_ordered_on,
    described.order_count,
    cast(described.net_revenue as decimal(18, 2)) as net_revenue,
    described.average_order_value,
    stages.label as purchase_stage,
    states.label as activity_state,
    described.first_order_source,
    described.first_order_channel,
    described.first_order_country,
    described.source_count,
    described.household_id
from described
left join rules as stages
    on
        stages.rule_type = 'purchase_stage'
        and described.order_count >= stages.at_least
        and described.order_count <= coalesce(stages.at_most, described.order_count)
left join rules as states
    on
        states.rule_type = 'activity_state'
        and described.days_since_last_order >= states.at_least
        and described.days_since_last_order <= coalesce(states.at_most, described.days_since_last_order)
