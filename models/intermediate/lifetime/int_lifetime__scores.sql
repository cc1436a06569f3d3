-- One person with a valid order: what lifetime models expect. Null where nothing is known, not even an average.
with

customers as (
    select * from {{ ref('int_lifetime__customers') }}
),

segments as (
    select * from {{ ref('int_metrics__customer_segments') }}
    where segment_type = 'channel'
),

choices as (
    select * from {{ ref('int_lifetime__choices') }}
),

expectations as (
    select * from {{ ref('int_lifetime__expectations') }}
),

scored as (
    select
        customers.customer_id,
        choices.model,
        choices.fitted_segment,
        case when choices.model <> 'average' then {{ probability_alive('customers', 'choices') }} end
            as probability_alive,
        {%- for days in [30, 90, 365] %}
        choices.orders_a_day * {{ days }} as average_orders_{{ days }}d,
        expectations.expected_orders_{{ days }}d,
        {%- endfor %}
        expectations.discounted_orders_365d,
        coalesce(
            {{ expected_order_value('customers.repeat_revenue', 'customers.spend_days', 'choices') }},
            choices.order_value
        ) as expected_order_value
    from customers
    inner join segments on customers.customer_id = segments.customer_id
    inner join choices on segments.segment = choices.channel
    left join expectations
        on
            segments.segment = expectations.channel
            and customers.frequency = expectations.frequency
            and customers.age_days = expectations.age_days
)

select
    customer_id,
    model,
    fitted_segment,
    probability_alive,
    {%- for days in [30, 90, 365] %}
    coalesce(probability_alive * expected_orders_{{ days }}d, average_orders_{{ days }}d)
        as expected_orders_{{ days }}d,
    {%- endfor %}
    expected_order_value,
    coalesce(probability_alive * discounted_orders_365d, average_orders_365d) * expected_order_value
        as predicted_value_365d
from scored
