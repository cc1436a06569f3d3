-- A scenario names programmes that have bookings, by their own name or that of the rules they follow, and gives each
-- setting a value that it may have.
with

scenarios as (
    select * from {{ ref('loyalty_scenarios') }}
),

rules as (
    select * from {{ ref('int_loyalty__rules') }}
    where scenario = 'live'
),

known as (
    select programme from rules
    union
    select ruled_as as programme from rules
),

judged as (
    select
        scenarios.scenario,
        scenarios.programme,
        scenarios.setting,
        scenarios.value,
        case
            when scenarios.scenario = 'live'
                then 'live is what is: give the scenario another name'
            when known.programme is null
                then 'no bookings are of this programme: write it as loyalty_programmes or loyalty_balances do'
            when not coalesce(
                case
                    when
                        scenarios.setting in (
                            'pending_days', 'expiry_days', 'reversal_grace_days', 'tier_window_days', 'tier_term_days',
                            'tier_grace_days'
                        )
                        then try_cast(scenarios.value as int) >= 0
                    when scenarios.setting in ('unlock_above_points', 'unlock_minimum_order', 'point_price')
                        then try_cast(scenarios.value as decimal(18, 6)) >= 0
                    when scenarios.setting = 'expected_redemption_rate'
                        then try_cast(scenarios.value as decimal(9, 6)) between 0 and 1
                    when scenarios.setting in ('expires_at_midnight', 'refunds_downgrade')
                        then scenarios.value in ('true', 'false')
                    when scenarios.setting = 'expiry_policy'
                        then scenarios.value in ('lot', 'inactivity', 'told', 'none')
                    when scenarios.setting = 'clawback_rule'
                        then scenarios.value in ('lot_then_debt', 'lot_then_balance')
                    when scenarios.setting = 'tier_metric'
                        then scenarios.value in ('spend', 'net_spend', 'points', 'orders')
                    when scenarios.setting = 'tier_window'
                        then scenarios.value in ('rolling', 'calendar', 'lifetime')
                    when scenarios.setting = 'downgrade_policy'
                        then scenarios.value in ('to_earned', 'one_down')
                    when scenarios.setting = 'inactivity_resets'
                        then scenarios.value is not null
                    else false
                end, false
            )
                then 'there is no such setting, or it has no such value'
        end as problem
    from scenarios
    left join known on scenarios.programme = known.programme
)

select
    scenario,
    programme,
    setting,
    value,
    problem
from judged
where problem is not null
