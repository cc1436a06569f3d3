{#
    Moves of any member, one event after the other: a fold over the member's events in order, whose state is what each lot
    has left and until when, the debt, and all moves so far. Every step has three parts: how much of each lot stands ready for
    what happens (ready), how much of that goes, lot after lot in burn order (taken), and what that leaves.

    What may happen: draw (the oldest usable points go), clawback (points of the order's own lots go, the rest is debt),
    clawback_any (no lot of the order is known: the oldest go, the rest is debt), sweep (what a clawback still misses is taken
    from the oldest; programmes with lot_then_balance), activation (a lot pays debt when it becomes usable) and reversal (the
    lots that an order's spends came from get points back, the latest to expire first). A lot has its points until `until`;
    what comes back later than that lives until the grace period ends, and what the lot had left then has expired before.

    `lots` and `events` are relations with the columns of int_loyalty__lots and of the events in int_loyalty__moves. Gives
    member_no, lot_no, event_no (null: expired by date; below 0: paid debt), moved_at, points.
#}
{% macro one_after_the_other(lots, events) -%}
{%- set lot_fields = {
    'lot_no': 'int', 'order_no': 'int', 'earned_at': 'timestamp', 'active_at': 'timestamp', 'until': 'timestamp',
    'points_left': 'bigint', 'ready': 'bigint', 'taken': 'bigint'
} -%}
{%- set move_fields = {
    'lot_no': 'int', 'event_no': 'int', 'order_no': 'int', 'moved_at': 'timestamp', 'points': 'bigint'
} -%}
{%- set event_fields = [
    'step_no', 'happening', 'event_no', 'order_no', 'lot_no', 'happened_at', 'usable_until', 'points'
] -%}
{#- Readings of one lot at one event. -#}
{%- set is_there = '(lot.until is null or lot.until > event.happened_at)' -%}
{%- set is_usable = '(lot.active_at <= event.happened_at and ' ~ is_there ~ ')' -%}
{%- set came_back_late = "(event.happening = 'reversal' and lot.taken > 0 and lot.until < event.happened_at)" -%}
{%- set missing_of_event = 'event.points - ' ~ sum_list(
    'state.moves', 'move', 'case when move.event_no = event.event_no then move.points else 0 end'
) -%}
{%- set wanted -%}
case event.happening when 'activation' then state.debt when 'sweep' then {{ missing_of_event }} else event.points end
{%- endset -%}
{%- set ready -%}
case
    when event.happening in ('draw', 'clawback_any', 'sweep') then case when {{ is_usable }} then lot.points_left else 0 end
    when event.happening = 'clawback' then
        case
            when lot.order_no = event.order_no and lot.earned_at <= event.happened_at and {{ is_there }} then lot.points_left
            else 0
        end
    when event.happening = 'activation' then
        case when lot.lot_no = event.lot_no and {{ is_usable }} then lot.points_left else 0 end
    else {{ sum_list(
        'state.moves', 'move',
        'case when move.lot_no = lot.lot_no and move.order_no = event.order_no then move.points else 0 end'
    ) }}
end
{%- endset -%}
{%- set before_it -%}
{{ sum_list('measured', 'other', "case when event.happening = 'reversal' and other.lot_no > lot.lot_no"
    ~ " or event.happening <> 'reversal' and other.lot_no < lot.lot_no then other.ready else 0 end") }}
{%- endset -%}
{%- set taken = 'greatest(0, least(lot.ready, ' ~ wanted ~ ' - ' ~ before_it ~ '))' -%}
{%- set direction = "case event.happening when 'reversal' then -1 else 1 end" -%}
{%- set moves_of_event = filter_list(
    map_list('played', 'lot', make_struct({
        'lot_no': 'lot.lot_no',
        'event_no': "case event.happening when 'activation' then -1 else event.event_no end",
        'order_no': "case when event.happening in ('draw', 'reversal') then event.order_no end",
        'moved_at': 'event.happened_at',
        'points': 'lot.taken * ' ~ direction
    })), 'move', 'move.points <> 0'
) -%}
{%- set lapsed_before = map_list(
    filter_list('played', 'lot', came_back_late ~ ' and lot.points_left > 0'), 'lot', make_struct({
        'lot_no': 'lot.lot_no', 'event_no': 'cast(null as int)', 'order_no': 'cast(null as int)', 'moved_at': 'lot.until',
        'points': 'lot.points_left'
    })
) -%}
{%- set kept = {} -%}
{%- for name in lot_fields -%} {%- do kept.update({name: 'lot.' ~ name}) -%} {%- endfor -%}
{%- set of_event = {} -%}
{%- for name in event_fields -%} {%- do of_event.update({name: 'event.' ~ name}) -%} {%- endfor -%}
{%- set next_debt -%}
case
    when event.happening in ('clawback', 'clawback_any')
        then state.debt + event.points - {{ sum_list('played', 'lot', 'lot.taken') }}
    when event.happening in ('sweep', 'activation') then state.debt - {{ sum_list('played', 'lot', 'lot.taken') }}
    else state.debt
end
{%- endset -%}
{%- set next_lots = map_list('played', 'lot', make_struct(dict(kept, **{
    'until': 'case when ' ~ came_back_late ~ ' then event.usable_until else lot.until end',
    'points_left': 'case when ' ~ came_back_late ~ ' then lot.taken else lot.points_left - lot.taken * ('
        ~ direction ~ ') end'
}))) -%}
{%- set next_state = make_struct(dict(of_event, **{
    'debt': next_debt,
    'lots': next_lots,
    'moves': join_lists('state.moves', join_lists(lapsed_before, moves_of_event))
})) -%}
{%- set step = let(
    'measured', map_list('state.lots', 'lot', make_struct(dict(kept, **{'ready': ready}))),
    let('played', map_list('measured', 'lot', make_struct(dict(kept, **{'taken': taken}))), next_state)
) -%}
with

order_names as (
    select
        member_no,
        order_reference
    from {{ events }}
    where order_reference is not null and ledger_part in ('clawback', 'reversal')
    group by member_no, order_reference
),

orders as (
    select
        member_no,
        order_reference,
        cast(row_number() over (partition by member_no order by order_reference) as int) as order_no
    from order_names
),

numbered_lots as (
    select
        lots.*,
        orders.order_no
    from {{ lots }} as lots
    left join orders on lots.member_no = orders.member_no and lots.order_reference = orders.order_reference
),

earliest_lots as (
    select
        member_no,
        order_no,
        min(earned_at) as earned_at
    from numbered_lots
    where order_no is not null
    group by member_no, order_no
),

first_clawbacks as (
    select
        member_no,
        min(happened_at) as happened_at
    from {{ events }}
    where ledger_part = 'clawback'
    group by member_no
),

numbered_events as (
    select
        events.*,
        orders.order_no,
        earliest_lots.order_no is not null as has_lot
    from {{ events }} as events
    left join orders on events.member_no = orders.member_no and events.order_reference = orders.order_reference
    left join earliest_lots
        on
            orders.member_no = earliest_lots.member_no
            and orders.order_no = earliest_lots.order_no
            and earliest_lots.earned_at <= events.happened_at
),

happenings as (
    select
        member_no,
        event_no as place,
        2 as turn,
        case
            when ledger_part <> 'clawback' then ledger_part
            when has_lot then 'clawback'
            else 'clawback_any'
        end as happening,
        event_no,
        case when ledger_part <> 'draw' or entry_type = 'spend' then order_no end as order_no,
        cast(null as int) as lot_no,
        happened_at,
        usable_until,
        points
    from numbered_events
    where points > 0
    union all
    select
        member_no,
        event_no as place,
        3 as turn,
        'sweep' as happening,
        event_no,
        cast(null as int) as order_no,
        cast(null as int) as lot_no,
        happened_at,
        usable_until,
        points
    from numbered_events
    where ledger_part = 'clawback' and clawback_rule = 'lot_then_balance' and has_lot and points > 0
    union all
    -- Only what becomes usable after a clawback can have debt to pay.
    select
        lots.member_no,
        lots.lot_no as place,
        1 as turn,
        'activation' as happening,
        cast(null as int) as event_no,
        cast(null as int) as order_no,
        lots.lot_no,
        lots.active_at as happened_at,
        cast(null as timestamp) as usable_until,
        cast(0 as bigint) as points
    from numbered_lots as lots
    inner join first_clawbacks
        on lots.member_no = first_clawbacks.member_no and lots.active_at > first_clawbacks.happened_at
    where lots.points > 0
),

in_order as (
    select
        *,
        cast(row_number() over (
            partition by member_no order by happened_at, case turn when 1 then 1 else 2 end, place, turn
        ) as int) as step_no
    from happenings
),

event_lists as (
    select
        member_no,
        {{ ordered_list(make_struct(dict(
            step_no='step_no', happening='happening', event_no='event_no', order_no='order_no',
            lot_no='lot_no', happened_at='happened_at', usable_until='usable_until', points='points',
            debt='cast(0 as bigint)', lots=empty_list(lot_fields), moves=empty_list(move_fields)
        ))) }} as events
    from in_order
    group by member_no
),

lot_lists as (
    select
        member_no,
        {{ ordered_list(make_struct({
            'lot_no': 'lot_no', 'order_no': 'order_no', 'earned_at': 'earned_at', 'active_at': 'active_at',
            'until': 'expires_at', 'points_left': 'points', 'ready': 'cast(0 as bigint)', 'taken': 'cast(0 as bigint)'
        })) }} as lots
    from numbered_lots
    where points > 0
    group by member_no
),

played as (
    select
        lot_lists.member_no,
        {{ fold('event_lists.events', make_struct({
            'step_no': 'cast(0 as int)', 'happening': "''", 'event_no': 'cast(null as int)', 'order_no': 'cast(null as int)',
            'lot_no': 'cast(null as int)', 'happened_at': 'cast(null as timestamp)', 'usable_until': 'cast(null as timestamp)',
            'points': 'cast(0 as bigint)', 'debt': 'cast(0 as bigint)', 'lots': 'lot_lists.lots',
            'moves': empty_list(move_fields)
        }), step) }} as last_state
    from lot_lists
    inner join event_lists on lot_lists.member_no = event_lists.member_no
),

untouched as (
    select
        lot_lists.member_no,
        lot_lists.lots,
        {{ empty_list(move_fields) }} as moves
    from lot_lists
    anti join event_lists on lot_lists.member_no = event_lists.member_no
),

ended as (
    select
        member_no,
        last_state.lots as lots,
        last_state.moves as moves
    from played
    union all
    select * from untouched
),

-- What a lot has left in the end expires in its time.
moves as (
    select
        member_no,
        {{ explode(join_lists('moves', map_list(
            filter_list('lots', 'lot', 'lot.points_left > 0 and lot.until is not null'), 'lot', make_struct({
                'lot_no': 'lot.lot_no', 'event_no': 'cast(null as int)', 'order_no': 'cast(null as int)',
                'moved_at': 'lot.until', 'points': 'lot.points_left'
            })
        ))) }} as move
    from ended
)

select
    member_no,
    move.lot_no as lot_no,
    move.event_no as event_no,
    move.moved_at as moved_at,
    move.points as points
from moves
{%- endmacro %}
