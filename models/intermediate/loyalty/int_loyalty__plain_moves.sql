{{ config(materialized=replaced_in_part(), incremental_strategy='append', pre_hook='{{ forget_changed() }}') }}
-- Moves of members with nothing but draws from lots that expire in the order in which they became usable, by windows
-- (first_in_first_out). Who draws more than was usable is no such member.
with

out_of_order as (
    select distinct member_no
    from {{ ref('int_loyalty__lots') }}
    where is_out_of_order
),

members as (
    select everybody.*
    from {{ ref('int_loyalty__members') }} as everybody
    anti join out_of_order on everybody.member_no = out_of_order.member_no
    where not everybody.needs_sequence {{ and_changed('everybody.member_no') }}
),

lots as (
    select
        lots.member_no,
        lots.lot_no,
        lots.active_at,
        lots.expires_at,
        lots.points,
        lots.points_through
    from {{ ref('int_loyalty__lots') }} as lots
    semi join members on lots.member_no = members.member_no
    where lots.points > 0
),

draws as (
    select
        events.member_no,
        events.event_no,
        events.happened_at,
        events.points
    from {{ ref('int_loyalty__events') }} as events
    semi join members on events.member_no = members.member_no
    where events.points > 0
),

gone as (
    {{ fronts('lots', 'draws') | indent(4) }}
),

-- What lies between a front and the one before it belongs to the lots there; of an expiry, to the lot that expires.
taken as (
    select
        gone.member_no,
        lots.lot_no,
        case when gone.is_draw = 1 then gone.position end as event_no,
        gone.happened_at,
        gone.drawn,
        least(gone.front, lots.points_through) - greatest(gone.front_before, lots.points_through - lots.points)
            as points,
        gone.is_draw = 1 and (lots.active_at is null or lots.active_at > gone.happened_at) as is_too_early
    from gone
    left join lots
        on
            gone.member_no = lots.member_no
            and gone.front_before < lots.points_through
            and gone.front > lots.points_through - lots.points
    where gone.is_draw = 1 or gone.front > gone.front_before
),

judged as (
    select
        *,
        max(case when is_too_early then 1 else 0 end) over (partition by member_no) = 1
        or coalesce(sum(case when event_no is not null then points end) over (partition by member_no), 0)
        < max(drawn) over (partition by member_no) as is_overdrawn
    from taken
)

select
    judged.member_no,
    members.inputs_hash,
    judged.lot_no,
    events.booking_id,
    {{ move_kind('judged.event_no', 'events.entry_type') }} as kind,
    judged.happened_at as moved_at,
    cast(judged.points as bigint) as points
from judged
inner join members on judged.member_no = members.member_no
left join {{ ref('int_loyalty__events') }} as events
    on judged.member_no = events.member_no and judged.event_no = events.event_no
where not judged.is_overdrawn
