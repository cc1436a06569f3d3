-- Grain: one member whose points pay for no reward, or lie at or below what unlocks them. A programme whose rewards
-- nobody named in seeds/loyalty_rewards.csv strands nobody. It begins with the booking that made the balance.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

balances as (
    select * from {{ ref('loyalty_balances') }}
),

rules as (
    {{ rules_in_force() | indent(4) }}
),

unlocks as (
    select
        rules.programme,
        rules.unlock_above_points,
        point_in_time.as_of
    from rules
    cross join point_in_time
    where {{ is_in_force('rules', 'point_in_time.as_of') }}
),

rewards as (
    {{ rewards_of('unlocks') | indent(4) }}
),

cheapest as (
    select
        unlocks.programme,
        unlocks.unlock_above_points,
        min(rewards.points) as reward_points
    from unlocks
    inner join rewards on unlocks.programme = rewards.programme
    where rewards.points is not null and {{ is_in_force('rewards', 'unlocks.as_of') }}
    group by unlocks.programme, unlocks.unlock_above_points
),

customers as (
    select * from {{ ref('customers') }}
)

select
    '*' as kind,
    balances.customer_id,
    balances.programme || ':' || balances.member_id as subject,
    balances.last_booked_at as triggered_at,
    cast(null as timestamp) as ends_at,
    'The points open no reward yet' as reason,
    {{ json_object({
        'programme': json_string('balances.programme'),
        'points': json_number('balances.points_available'),
        'cheapest_reward_points': json_number('cheapest.reward_points'),
        'unlock_above_points': json_number('cheapest.unlock_above_points'),
    }) | indent(4) }} as reason_detail,
    cast(null as string) as product_family,
    cast(coalesce(customers.average_order_value, 0) as decimal(18, 2)) as expected_spend
from balances
cross join point_in_time
inner join cheapest on balances.programme = cheapest.programme
inner join customers on balances.customer_id = customers.customer_id
where
    balances.points_available > 0
    and balances.reachable_rewards = '[]'
    and balances.last_booked_at < point_in_time.cut_at
