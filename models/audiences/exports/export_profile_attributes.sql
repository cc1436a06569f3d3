-- Grain: messaging tool and number of the shop, all those of a person alike: the facts by which flows that already run
-- there can behave, whoever is in an audience. There is no updated_at: compare rows.
with

customers as (
    select * from {{ ref('customers') }}
    where not is_erased
),

external_ids as (
    {{ external_ids() }}
),

numbers as (
    select distinct
        customer_id,
        external_id
    from external_ids
),

-- The hold that ends last.
holds as (
    select * from {{ ref('audience_holds') }}
    where is_open
    qualify row_number() over (partition by customer_id order by holds_until desc nulls last, kind asc, hold_id asc) = 1
),

tools as (
    {{ messaging_tool_rows() }}
)

select
    tools.destination,
    customers.customer_id,
    numbers.external_id,
    holds.holds_until as hold_until,
    holds.kind as hold_reason,
    customers.subscribed_product_families,
    customers.points_available,
    customers.next_points_expire_on,
    customers.loyalty_tier,
    customers.purchase_stage,
    customers.activity_state
from customers
inner join numbers on customers.customer_id = numbers.customer_id
cross join tools
left join holds on customers.customer_id = holds.customer_id
