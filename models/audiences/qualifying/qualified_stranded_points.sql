-- Grain: one member whose points pay for no reward, or lie at or below what unlocks them. Where neither rewards nor an
-- unlock are named, nobody is stranded. It begins with the booking that made the balance.
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

prices as (
    select
        rewards.programme,
        min(rewards.points) as reward_points
    from rewards
    inner join unlocks on rewards.programme = unlocks.programme
    where rewards.points is not null and {{ is_in_force('rewards', 'unlocks.as_of') }}
    group by rewards.programme
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
        'cheapest_reward_points': json_number('prices.reward_points'),
        'unlock_above_points': json_number('unlocks.unlock_above_points'),
    }) | indent(4) }} as reason_detail,
    cast(null as string) as product_family,
    cast(coalesce(customers.average_order_value, 0) as decimal(18, 2)) as expected_spend
from balances
cross join point_in_time
inner join unlocks on balances.programme = unlocks.programme
left join prices on balances.programme = prices.programme
inner join customers on balances.customer_id = customers.customer_id
where
    balances.points_available > 0
    and balances.reachable_rewards = '[]'
    and coalesce(prices.programme is not null or balances.points_available <= unlocks.unlock_above_points, false)
    and balances.last_booked_at < point_in_time.cut_at
