-- Grain: a month that is over, where buyers stood at the end of the one before, and where they stood at its end. Stage
-- and state are those of seeds/lifecycle_rules.csv as they would have been said then; who bought for the first time
-- comes from prospect. Trap: refunds and late data restate earlier months, since an order that is not valid any more
-- never was.
with

purchase_days as (
    select * from {{ ref('int_metrics__purchase_days') }}
),

months as (
    select * from {{ ref('int_metrics__periods') }}
    where period_window = 'month' and is_mature
),

rules as (
    select * from {{ ref('lifecycle_rules') }}
),

standing as (
    select
        months.period_month,
        purchase_days.customer_id,
        purchase_days.last_order_sequence as order_count,
        {{ days_between('purchase_days.ordered_on', 'months.ends_on') }} as days_since_last_order
    from purchase_days
    inner join months
        on
            purchase_days.ordered_on <= months.ends_on
            and coalesce(purchase_days.next_ordered_on > months.ends_on, true)
),

staged as (
    select
        standing.period_month,
        standing.customer_id,
        stages.label || ' ' || states.label as stage
    from standing
    inner join rules as stages
        on
            stages.rule_type = 'purchase_stage'
            and standing.order_count >= stages.at_least
            and standing.order_count <= coalesce(stages.at_most, standing.order_count)
    inner join rules as states
        on
            states.rule_type = 'activity_state'
            and standing.days_since_last_order >= states.at_least
            and standing.days_since_last_order <= coalesce(states.at_most, standing.days_since_last_order)
),

moves as (
    select
        period_month,
        coalesce(lag(stage) over (partition by customer_id order by period_month), 'prospect') as from_stage,
        stage as to_stage
    from staged
)

select
    period_month,
    from_stage,
    to_stage,
    count(*) as customer_count
from moves
group by period_month, from_stage, to_stage
