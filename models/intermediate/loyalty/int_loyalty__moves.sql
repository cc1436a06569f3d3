{{ config(materialized=replaced_in_part(), incremental_strategy='append', pre_hook='{{ forget_changed() }}') }}
-- What took points from which lot, and when, also beyond the cut: nothing else is known of a lot. Members with
-- nothing but draws from lots that expire in order are worked out by windows (first_in_first_out), all others one
-- event after the other (one_after_the_other). points are hundredths: positive leave the lot, a spend_reversal's are
-- negative. lot_no is null for debt (what a clawback did not find) and uncovered (what no usable lot had, or no spend
-- had taken), so that a booking's moves always sum to what was booked.
with

members as (
    select * from {{ ref('int_loyalty__members') }}
    where true {{ and_changed('member_no') }}
),

all_lots as (
    select * from {{ ref('int_loyalty__lots') }}
    where true {{ and_changed('member_no') }}
),

rules as (
    select * from {{ ref('int_loyalty__rules') }}
),

-- At one instant: what comes back, what a platform lets expire, what is spent, what is clawed back, what is corrected.
events as (
    select
        booked.member_no,
        booked.booking_id,
        booked.entry_type,
        booked.ledger_part,
        booked.booked_at as happened_at,
        booked.points,
        booked.order_reference,
        rules.clawback_rule,
        {{ days_later('booked.booked_at', 'coalesce(rules.reversal_grace_days, 0)') }} as usable_until,
        cast(row_number() over (
            partition by booked.member_no
            order by
                booked.booked_at asc,
                case booked.entry_type
                    when 'spend_reversal' then 1 when 'expire' then 2 when 'spend' then 3 when 'clawback' then 4 else 5
                end asc,
                booked.booking_id asc
        ) as int) as event_no
    from {{ ref('int_loyalty__booked') }} as booked
    inner join rules
        on
            booked.scenario = rules.scenario
            and booked.programme = rules.programme
            and booked.rule_number = rules.rule_number
    where booked.ledger_part <> 'lot' {{ and_changed('booked.member_no') }}
),

out_of_order as (
    select distinct member_no
    from all_lots
    where is_out_of_order
),

plain_members as (
    select members.member_no
    from members
    left join out_of_order on members.member_no = out_of_order.member_no
    where not members.needs_sequence and out_of_order.member_no is null
),

lots as (
    select
        all_lots.member_no,
        all_lots.lot_no,
        all_lots.active_at,
        all_lots.expires_at,
        all_lots.points,
        all_lots.points_through
    from all_lots
    semi join plain_members on all_lots.member_no = plain_members.member_no
    where all_lots.points > 0
),

draws as (
    select
        events.member_no,
        events.event_no,
        events.happened_at,
        events.points
    from events
    semi join plain_members on events.member_no = plain_members.member_no
    where events.points > 0
),

gone as (
    {{ fronts('lots', 'draws') | indent(4) }}
),

drawn_lots as (
    select
        gone.member_no,
        lots.lot_no,
        gone.position as event_no,
        gone.happened_at,
        least(gone.front, lots.points_through) - greatest(gone.front_before, lots.points_through - lots.points)
            as points,
        lots.active_at is null or lots.active_at > gone.happened_at as is_too_early
    from gone
    inner join lots
        on
            gone.member_no = lots.member_no
            and gone.front_before < lots.points_through
            and gone.front > lots.points_through - lots.points
    where gone.is_draw = 1
),

ends as (
    select
        member_no,
        max(points_through) as points_through
    from lots
    group by member_no
),

overdrawn as (
    select member_no
    from drawn_lots
    where is_too_early
    union distinct
    select gone.member_no
    from gone
    left join ends on gone.member_no = ends.member_no
    where gone.is_draw = 1 and gone.front > coalesce(ends.points_through, 0)
),

plain_moves as (
    select
        member_no,
        lot_no,
        event_no,
        happened_at as moved_at,
        points
    from drawn_lots
    union all
    select
        member_no,
        position as lot_no,
        cast(null as int) as event_no,
        happened_at as moved_at,
        front - front_before as points
    from gone
    where is_draw = 0 and front > front_before
),

others as (
    select members.member_no
    from members
    anti join plain_members on members.member_no = plain_members.member_no
    union all
    select member_no from overdrawn
),

other_lots as (
    select all_lots.*
    from all_lots
    semi join others on all_lots.member_no = others.member_no
),

other_events as (
    select events.*
    from events
    semi join others on events.member_no = others.member_no
),

sequential_moves as (
    {{ one_after_the_other('other_lots', 'other_events') | indent(4) }}
),

moves as (
    select plain_moves.*
    from plain_moves
    anti join overdrawn on plain_moves.member_no = overdrawn.member_no
    union all
    select * from sequential_moves
),

-- What an event asked for and no lot gave: debt, if it was a clawback.
covered as (
    select
        member_no,
        event_no,
        sum(abs(points)) as points
    from moves
    where event_no > 0
    group by member_no, event_no
),

missing as (
    select
        events.member_no,
        cast(null as int) as lot_no,
        events.event_no,
        events.happened_at as moved_at,
        case events.ledger_part when 'reversal' then -1 else 1 end * (events.points - coalesce(covered.points, 0))
            as points,
        case events.ledger_part when 'clawback' then 'debt' else 'uncovered' end as kind
    from events
    left join covered on events.member_no = covered.member_no and events.event_no = covered.event_no
    where events.points > coalesce(covered.points, 0)
)

select
    moves.member_no,
    members.inputs_hash,
    moves.lot_no,
    events.booking_id,
    case
        when moves.event_no is null then 'expire'
        when moves.event_no < 0 then 'repay'
        when events.entry_type in ('spend', 'spend_reversal', 'clawback', 'expire') then events.entry_type
        else 'adjust'
    end as kind,
    moves.moved_at,
    cast(moves.points as bigint) as points
from moves
inner join members on moves.member_no = members.member_no
left join events on moves.member_no = events.member_no and moves.event_no = events.event_no
union all
select
    missing.member_no,
    members.inputs_hash,
    missing.lot_no,
    events.booking_id,
    missing.kind,
    missing.moved_at,
    cast(missing.points as bigint) as points
from missing
inner join members on missing.member_no = members.member_no
inner join events on missing.member_no = events.member_no and missing.event_no = events.event_no
