-- One change of a member's tier, renewals included; who has none was never above the lowest. A tier is reached at once
-- and reviewed when its term is over: what the metric is then says what is earned. When that is depends on how the tier
-- was reached, so that every end that a term could have is measured, and each member's events and ends are folded in
-- order.
-- Trap: two changes may fall on one instant (a review just before what is counted at it); the later has the higher
-- step_no.
{%- set member = 'scenario, programme, member_id' -%}
{%- set moment = member ~ ', occurred_at, kind, ruled_at, has_negative' -%}
{%- set held, now = '(' ~ last_element('state') ~ ')', '(' ~ first_element('event') ~ ')' -%}
{%- set new_rank = 'case when ' ~ now ~ '.kind = 0 and ' ~ now ~ '.ruled_at = ' ~ held ~ '.expires_at then greatest('
    ~ now ~ '.earned, case when ' ~ now ~ '.falls_one_down then ' ~ held ~ '.tier_rank - 1 else 0 end) when '
    ~ now ~ '.kind = 1 and (' ~ now ~ '.earned > ' ~ held ~ '.tier_rank or ' ~ now ~ '.may_fall and '
    ~ now ~ '.earned < ' ~ held ~ '.tier_rank) then ' ~ now ~ '.earned end' -%}
{%- set last_due = last_element('state.dues') -%}
{%- set days_left = days_between('cast(' ~ last_due ~ ' as date)', 'cast(least(event.ends_at, cut_at) as date)') %}
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

rules as (
    select
        scenario,
        programme,
        starts_at,
        ends_at,
        time_zone,
        tier_window,
        tier_window_days,
        tier_term_days,
        tier_grace_days,
        downgrade_policy,
        refunds_downgrade,
        min(case when tier_rank > 0 then at_least end) as lowest,
        {{ ordered_list(make_struct({'tier_rank': 'tier_rank', 'at_least': 'at_least'})) }} as tiers
    from {{ ref('int_loyalty__tiers') }}
    group by
        scenario, programme, starts_at, ends_at, time_zone, tier_window, tier_window_days, tier_term_days,
        tier_grace_days, downgrade_policy, refunds_downgrade
),

programmes as (
    select
        scenario,
        programme,
        min(lowest) as lowest,
        {{ ordered_list(make_struct({
            'starts_at': 'starts_at',
            'ends_at': 'ends_at',
            'term_days': "case when tier_window = 'rolling' then tier_term_days else 0 end",
            'dues': list_of('starts_at'),
        })) }} as versions
    from rules
    group by scenario, programme
),

counted as (
    select
        {{ member }},
        occurred_at,
        cast(sum(amount) as decimal(18, 2)) as amount,
        min(amount) < 0 as has_negative
    from {{ ref('int_loyalty__qualifying') }}
    group by {{ member }}, occurred_at
),

-- No window holds more than all that ever came in, so that nothing before that reached a tier is of interest.
running as (
    select
        *,
        sum(greatest(amount, 0)) over (partition by {{ member }} order by occurred_at) as most
    from counted
),

events as (
    select running.*
    from running
    inner join programmes on running.scenario = programmes.scenario and running.programme = programmes.programme
    where running.most >= programmes.lowest
),

members as (
    select
        {{ member }},
        min(occurred_at) as first_at
    from events
    group by {{ member }}
),

-- Somewhere it is next year already.
years as (
    select
        members.scenario,
        members.programme,
        members.member_id,
        rules.time_zone,
        {{ explode(integers('year(members.first_at)', 'year(point_in_time.cut_at) + 1')) }} as calendar_year
    from members
    cross join point_in_time
    inner join rules on members.scenario = rules.scenario and members.programme = rules.programme
    where rules.tier_window = 'calendar'
),

beginnings as (
    select
        {{ member }},
        occurred_at as begins_at
    from events
    union distinct
    select
        {{ member }},
        {{ local_to_utc('cast(make_date(calendar_year, 1, 1) as timestamp)', 'time_zone') }} as begins_at
    from years
),

starts as (
    select
        beginnings.*,
        programmes.versions,
        point_in_time.cut_at
    from beginnings
    cross join point_in_time
    inner join programmes
        on beginnings.scenario = programmes.scenario and beginnings.programme = programmes.programme
),

-- Terms one after the other, each as long as the rule says that is in force when it begins.
chains as (
    select
        {{ member }},
        cut_at,
        {{ fold(
            'versions',
            make_struct({
                'starts_at': 'begins_at', 'ends_at': 'begins_at', 'term_days': '0', 'dues': list_of('begins_at'),
            }),
            make_struct({
                'starts_at': 'event.starts_at',
                'ends_at': 'event.ends_at',
                'term_days': 'event.term_days',
                'dues': 'case when event.term_days > 0 and ' ~ last_due ~ ' >= event.starts_at then '
                    ~ join_lists('state.dues', map_list(
                        filter_list(
                            integers('1', '2 + floor(' ~ days_left ~ ' / nullif(event.term_days, 0))'),
                            'number',
                            days_later(last_due, '(number - 1) * event.term_days') ~ ' < event.ends_at'
                        ),
                        'number',
                        days_later(last_due, 'number * event.term_days')
                    )) ~ ' else state.dues end',
            })
        ) }} as chain
    from starts
),

dues as (
    select distinct
        {{ member }},
        cut_at,
        due_at
    from (
        select
            {{ member }},
            cut_at,
            {{ explode('chain.dues') }} as due_at
        from chains
    ) as each_due
),

-- What is measured: every event (kind 1), and the end of every term (kind 0, before what is counted at the same
-- instant). Days of grace make a review occur later, by the rule in force at the term's end, and it is measured at
-- both.
moments as (
    select
        {{ member }},
        occurred_at,
        1 as kind,
        occurred_at as ruled_at,
        has_negative,
        0 as is_late
    from events
    union all
    select
        dues.scenario,
        dues.programme,
        dues.member_id,
        {{ days_later('dues.due_at', 'rules.tier_grace_days') }} as occurred_at,
        0 as kind,
        dues.due_at as ruled_at,
        false as has_negative,
        {{ explode(integers('0', 'case when rules.tier_grace_days > 0 then 1 else 0 end')) }} as is_late
    from dues
    inner join rules on {{ tier_rule_in_force('dues', 'due_at', 'rules') | indent(8) }}
    where {{ days_later('dues.due_at', 'rules.tier_grace_days') }} < dues.cut_at
),

windows as (
    select
        moments.*,
        case
            when moments.kind = 1 then moments.occurred_at
            when moments.is_late = 0 then {{ tier_measured_at('moments.ruled_at', 'rules') }}
            else {{ tier_measured_at('moments.occurred_at', 'rules') }}
        end as measured_at,
        rules.tier_window,
        rules.tier_window_days,
        rules.time_zone
    from moments
    inner join rules on {{ tier_rule_in_force('moments', 'ruled_at', 'rules') | indent(8) }}
),

-- A window holds what was counted up to its end less what was counted before it opened.
stream as (
    select
        {{ moment }},
        is_late,
        measured_at as marked_at,
        0 as amount,
        1 as direction
    from windows
    union all
    select
        {{ moment }},
        is_late,
        {{ tier_window_opens('measured_at', 'windows') }} as marked_at,
        0 as amount,
        -1 as direction
    from windows
    union all
    select
        counted.scenario,
        counted.programme,
        counted.member_id,
        counted.occurred_at,
        1 as kind,
        counted.occurred_at as ruled_at,
        counted.has_negative,
        0 as is_late,
        counted.occurred_at as marked_at,
        counted.amount,
        0 as direction
    from counted
    semi join members
        on
            counted.scenario = members.scenario
            and counted.programme = members.programme
            and counted.member_id = members.member_id
),

summed as (
    select
        {{ moment }},
        is_late,
        direction,
        sum(amount) over (partition by {{ member }} order by marked_at) as total
    from stream
),

metrics as (
    select
        {{ moment }},
        is_late,
        sum(direction * total) as metric
    from summed
    where direction <> 0
    group by {{ moment }}, is_late
),

better as (
    select
        {{ moment }},
        cast(max(metric) as decimal(18, 2)) as metric
    from metrics
    group by {{ moment }}
),

measured as (
    select
        better.*,
        coalesce({{ max_element(
            'rules.tiers', 'case when element.at_least <= better.metric then element.tier_rank end'
        ) }}, 0) as earned,
        case
            when better.kind = 1 then {{ tier_term_ends('better.occurred_at', 'rules') | indent(12) }}
            else {{ tier_term_ends(tier_measured_at('better.ruled_at', 'rules'), 'rules') | indent(12) }}
        end as expires_at,
        better.has_negative and rules.refunds_downgrade as may_fall,
        rules.downgrade_policy = 'one_down' as falls_one_down
    from better
    inner join rules on {{ tier_rule_in_force('better', 'ruled_at', 'rules') | indent(8) }}
),

sequences as (
    select
        {{ member }},
        {{ ordered_list(make_struct({
            'occurred_at': 'occurred_at',
            'kind': 'kind',
            'ruled_at': 'ruled_at',
            'earned': 'cast(earned as int)',
            'expires_at': 'expires_at',
            'metric': 'metric',
            'may_fall': 'may_fall',
            'falls_one_down': 'falls_one_down',
            'tier_rank': 'cast(0 as int)',
            'cause': "''",
        })) }} as events
    from measured
    where kind = 0 or earned > 0 or may_fall
    group by {{ member }}
    having max(case when kind = 1 then earned end) > 0
),

-- The state is the list of steps so far: the last one says what is held.
folded as (
    select
        {{ member }},
        {{ fold(
            map_list('events', 'one', list_of('one')),
            list_of(make_struct({
                'occurred_at': 'cast(null as timestamp)',
                'kind': 'cast(-1 as int)',
                'ruled_at': 'cast(null as timestamp)',
                'earned': 'cast(0 as int)',
                'expires_at': 'cast(null as timestamp)',
                'metric': 'cast(0 as decimal(18, 2))',
                'may_fall': 'false',
                'falls_one_down': 'false',
                'tier_rank': 'cast(0 as int)',
                'cause': "''",
            })),
            'case when ' ~ new_rank ~ ' is null then state else ' ~ join_lists('state', list_of(make_struct({
                'occurred_at': now ~ '.occurred_at',
                'kind': now ~ '.kind',
                'ruled_at': now ~ '.ruled_at',
                'earned': now ~ '.earned',
                'expires_at': 'case when ' ~ new_rank ~ ' > 0 then ' ~ now ~ '.expires_at end',
                'metric': now ~ '.metric',
                'may_fall': now ~ '.may_fall',
                'falls_one_down': now ~ '.falls_one_down',
                'tier_rank': 'cast(' ~ new_rank ~ ' as int)',
                'cause': 'case when ' ~ now ~ ".kind = 0 then 'term_over' when " ~ now ~ '.earned > ' ~ held
                    ~ ".tier_rank then 'spend' else 'refund' end",
            }))) ~ ' end'
        ) }} as steps
    from sequences
),

unfolded as (
    select
        {{ member }},
        {{ explode('steps') }} as step
    from folded
),

steps as (
    select
        {{ member }},
        row_number() over (partition by {{ member }} order by step.occurred_at, step.kind, step.ruled_at) as step_no,
        step.occurred_at as changed_at,
        step.tier_rank,
        step.cause,
        step.metric,
        step.expires_at
    from unfolded
    where step.kind >= 0
)

select
    steps.scenario,
    steps.programme,
    steps.member_id,
    steps.step_no,
    steps.changed_at,
    tiers.tier,
    steps.tier_rank,
    steps.cause,
    steps.metric,
    steps.expires_at
from steps
left join {{ ref('int_loyalty__tiers') }} as tiers
    on
        {{ tier_rule_in_force('steps', 'changed_at', 'tiers') | indent(8) }}
        and steps.tier_rank = tiers.tier_rank
