-- One person who shares a household with somebody. household_id is made of the smallest customer id in it, so that it
-- changes only if that person comes or goes.
with

people as (
    select distinct
        cluster_id,
        customer_id
    from {{ ref('int_identity__ids') }}
),

members as (
    select
        people.customer_id,
        households.cluster_id as household_number
    from {{ ref('int_households__clusters') }} as households
    inner join people on households.node_id = people.cluster_id
),

named as (
    select
        household_number,
        min(customer_id) as smallest_customer_id
    from members
    group by household_number
)

select
    members.customer_id,
    {{ customer_id_from("'household|' || named.smallest_customer_id") }} as household_id
from members
inner join named on members.household_number = named.household_number
