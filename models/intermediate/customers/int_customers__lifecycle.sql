-- One person with the orders behind the purchase stage, the activity state and is_vip; the rules of all three are in
-- seeds/lifecycle_rules.csv.
with

people as (
    select customer_id from {{ ref('int_customers__people') }}
),

valid_orders as (
    select
        customer_id,
        ordered_on,
        order_sequence,
        source_name,
        sales_channel,
        coalesce(country_code, 'unknown') as country_code,
        net_revenue_reporting
    from {{ ref('orders') }}
    where is_valid and customer_id is not null
),

rules as (
    select * from {{ ref('lifecycle_rules') }}
),

-- Either will do.
vip_rules as (
    select
        min(case when measure = 'net revenue in vip_days' then at_least end) as at_least_net_revenue,
        min(case when measure = 'valid orders in vip_days' then at_least end) as at_least_orders
    from rules
    where rule_type = 'vip'
),

days as (
    select
        as_of,
        {{ add_days('as_of', '1 - ' ~ threshold('vip_days')) }} as vip_from
    from {{ ref('point_in_time') }}
),

order_history as (
    select
        valid_orders.customer_id,
        count(*) as order_count,
        min(valid_orders.ordered_on) as first_ordered_on,
        max(valid_orders.ordered_on) as last_ordered_on,
        sum(valid_orders.net_revenue_reporting) as net_revenue,
        count(valid_orders.net_revenue_reporting) as converted_order_count,
        count(*) filter (where valid_orders.ordered_on >= days.vip_from) as vip_order_count,
        sum(valid_orders.net_revenue_reporting) filter (where valid_orders.ordered_on >= days.vip_from)
            as vip_net_revenue,
        min_by(valid_orders.sales_channel, valid_orders.order_sequence) as first_order_channel,
        min_by(valid_orders.source_name, valid_orders.order_sequence) as first_order_source,
        min_by(valid_orders.country_code, valid_orders.order_sequence) as first_order_country
    from valid_orders
    cross join days
    group by valid_orders.customer_id
),

described as (
    select
        people.customer_id,
        order_history.first_ordered_on,
        order_history.last_ordered_on,
        coalesce(order_history.order_count, 0) as order_count,
        case when order_history.order_count is null then 0 else order_history.net_revenue end as net_revenue,
        {{ money(ratio('order_history.net_revenue', 'order_history.converted_order_count')) }} as average_order_value,
        {{ days_between('order_history.last_ordered_on', 'days.as_of') }} as days_since_last_order,
        coalesce(order_history.vip_net_revenue >= vip_rules.at_least_net_revenue, false)
        or coalesce(order_history.vip_order_count >= vip_rules.at_least_orders, false) as is_vip,
        order_history.first_order_channel,
        order_history.first_order_source,
        order_history.first_order_country
    from people
    cross join days
    cross join vip_rules
    left join order_history on people.customer_id = order_history.customer_id
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
    described.is_vip,
    described.first_order_source,
    described.first_order_channel,
    described.first_order_country
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
