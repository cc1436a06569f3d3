{{ config(materialized=replaced_in_part(), incremental_strategy='append', pre_hook='{{ forget_changed() }}') }}
-- Moves of all other members, one event after the other (one_after_the_other), and what no lot gave: debt where a
-- clawback did not find it, uncovered where a spend, correction or reversal did not.
with

plain as (
    select distinct member_no
    from {{ ref('int_loyalty__plain_moves') }}
),

members as (
    select everybody.*
    from {{ ref('int_loyalty__members') }} as everybody
    anti join plain on everybody.member_no = plain.member_no
    where true {{ and_changed('everybody.member_no') }}
),

lots as (
    select lots.*
    from {{ ref('int_loyalty__lots') }} as lots
    semi join members on lots.member_no = members.member_no
),

events as (
    select events.*
    from {{ ref('int_loyalty__events') }} as events
    semi join members on events.member_no = members.member_no
),

played as (
    {{ one_after_the_other('lots', 'events') | indent(4) }}
),

-- What an event asked for, to be taken off by what lots gave.
movements as (
    select
        member_no,
        lot_no,
        event_no,
        moved_at,
        points
    from played
    union all
    select
        member_no,
        cast(null as int) as lot_no,
        event_no,
        happened_at as moved_at,
        case ledger_part when 'reversal' then -points else points end as points
    from events
    where points > 0
),

covered as (
    select
        *,
        sum(case when lot_no is null then points else -points end) over (partition by member_no, event_no) as missing
    from movements
)

select
    covered.member_no,
    members.inputs_hash,
    covered.lot_no,
    events.booking_id,
    case
        when covered.lot_no is not null then {{ move_kind('covered.event_no', 'events.entry_type') }}
        when events.ledger_part = 'clawback' then 'debt'
        else 'uncovered'
    end as kind,
    covered.moved_at,
    cast(case when covered.lot_no is null then covered.missing else covered.points end as bigint) as points
from covered
inner join members on covered.member_no = members.member_no
left join {{ ref('int_loyalty__events') }} as events
    on covered.member_no = events.member_no and covered.event_no = events.event_no
where covered.lot_no is not null or covered.missing <> 0
