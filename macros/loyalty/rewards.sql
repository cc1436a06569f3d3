{#
    A query with one row per member who may take a reward on as_of: programme, member_id and reachable_rewards, the
    JSON list of the names of rewards that the balance pays for, cheapest first. `balances` is a relation or CTE with
    programme, member_id and points_available. Who is not in the result reaches none. An order must still come to the
    reward's minimum.
#}
{% macro reachable_rewards(balances) -%}
    with

    rules as (
        select * from {{ ref('int_loyalty__rules') }}
        where scenario = 'live'
    ),

    unlocks as (
        select
            rules.programme,
            rules.unlock_above_points,
            point_in_time.as_of
        from rules
        cross join {{ ref('point_in_time') }} as point_in_time
        where {{ is_in_force_before('rules', 'point_in_time.cut_at') }}
    ),

    rewards as (
        {{ rewards_of('unlocks') }}
    ),

    offered as (
        select
            rewards.programme,
            rewards.reward,
            rewards.points,
            unlocks.unlock_above_points
        from rewards
        inner join unlocks on rewards.programme = unlocks.programme
        where rewards.points is not null and {{ is_in_force_on('rewards', 'unlocks.as_of') }}
    ),

    prices as (
        select distinct
            programme,
            unlock_above_points,
            points
        from offered
    ),

    steps as (
        select
            prices.programme,
            prices.unlock_above_points,
            prices.points,
            lead(prices.points) over (partition by prices.programme order by prices.points) as next_points,
            '[' || {{ join_texts(json_string('offered.reward'), ', ', 'offered.points, offered.reward') }} || ']'
                as reachable_rewards
        from prices
        inner join offered on prices.programme = offered.programme and prices.points >= offered.points
        group by prices.programme, prices.unlock_above_points, prices.points
    )

    select
        balances.programme,
        balances.member_id,
        steps.reachable_rewards
    from {{ balances }} as balances
    inner join steps
        on
            balances.programme = steps.programme
            and balances.points_available >= steps.points
            and coalesce(balances.points_available < steps.next_points, true)
    where {{ may_redeem('balances.points_available', 'null', 'steps.unlock_above_points', 'null') }}
{%- endmacro %}
