-- One member's tier at the cut, and how far the metric is from the next one and from keeping it: the latter by the rule
-- in force when the term is over, within the window that ends then, or in days of grace with the window that ends with
-- them.
-- Trap: a tier in its grace has a tier_expires_at that has passed.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

members as (
    select * from {{ ref('int_loyalty__members') }}
),

tiers as (
    select * from {{ ref('int_loyalty__tiers') }}
),

lowest as (
    select * from tiers
    where tier_rank = 0
),

numbered as (
    select
        *,
        row_number() over (partition by scenario, programme, member_id order by step_no desc) as position
    from {{ ref('int_loyalty__tier_steps') }}
),

held as (
    select
        members.scenario,
        members.programme,
        members.member_id,
        coalesce(steps.tier_rank, 0) as tier_rank,
        steps.tier,
        steps.expires_at,
        {{ tier_measured_at('steps.expires_at', 'rules') }} as term_measured_at,
        {{ tier_measured_at(days_later('steps.expires_at', 'rules.tier_grace_days'), 'rules') }} as grace_measured_at,
        rules.tier_window,
        rules.tier_window_days,
        rules.time_zone,
        kept.at_least,
        point_in_time.cut_at,
        point_in_time.cut_at - interval '1' microsecond as last_at
    from members
    cross join point_in_time
    left join numbered as steps
        on
            members.scenario = steps.scenario
            and members.programme = steps.programme
            and members.member_id = steps.member_id
            and steps.position = 1
    left join lowest as rules on {{ tier_rule_in_force('steps', 'expires_at', 'rules') | indent(8) }}
    left join tiers as kept
        on
            {{ tier_rule_in_force('steps', 'expires_at', 'kept') | indent(12) }}
            and steps.tier_rank = kept.tier_rank
),

-- Who follows no table of tiers is left out here.
windows as (
    select
        held.*,
        {{ tier_window_opens('held.term_measured_at', 'held') }} as term_opens_at,
        {{ tier_window_opens('held.grace_measured_at', 'held') }} as grace_opens_at,
        {{ tier_window_opens('held.last_at', 'lowest') }} as opens_at,
        coalesce(held.tier, lowest.tier) as tier_name,
        above.at_least as next_at_least
    from held
    inner join lowest on {{ tier_rule_in_force('held', 'last_at', 'lowest') | indent(8) }}
    left join tiers as above
        on
            {{ tier_rule_in_force('held', 'last_at', 'above') | indent(12) }}
            and held.tier_rank + 1 = above.tier_rank
),

metrics as (
    select
        windows.scenario,
        windows.programme,
        windows.member_id,
        sum(case when counted.occurred_at > windows.opens_at then counted.amount end) as metric,
        sum(
            case
                when counted.occurred_at > windows.term_opens_at and counted.occurred_at <= windows.term_measured_at
                    then counted.amount
            end
        ) as term_metric,
        sum(
            case
                when counted.occurred_at > windows.grace_opens_at and counted.occurred_at <= windows.grace_measured_at
                    then counted.amount
            end
        ) as grace_metric
    from windows
    inner join {{ ref('int_loyalty__qualifying') }} as counted
        on
            windows.scenario = counted.scenario
            and windows.programme = counted.programme
            and windows.member_id = counted.member_id
    group by windows.scenario, windows.programme, windows.member_id
)

select
    windows.scenario,
    windows.programme,
    windows.member_id,
    windows.tier_name as tier,
    windows.tier_rank,
    windows.expires_at as tier_expires_at,
    cast(
        case
            when windows.next_at_least is not null
                then greatest(windows.next_at_least - coalesce(metrics.metric, 0), 0)
        end as decimal(18, 2)
    ) as points_to_next_tier,
    cast(
        case
            when windows.tier_rank = 0 then null
            when windows.expires_at is null or metrics.term_metric >= windows.at_least then 0
            when windows.expires_at >= windows.cut_at then windows.at_least - coalesce(metrics.term_metric, 0)
            else greatest(windows.at_least - coalesce(metrics.grace_metric, 0), 0)
        end as decimal(18, 2)
    ) as points_required_to_remain
from windows
left join metrics
    on
        windows.scenario = metrics.scenario
        and windows.programme = metrics.programme
        and windows.member_id = metrics.member_id
