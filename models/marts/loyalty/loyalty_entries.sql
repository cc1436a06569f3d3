{{ config(
    materialized=replaced_in_part(), incremental_strategy='append', on_schema_change='append_new_columns',
    pre_hook='{{ forget_changed_people() }}'
) }}
-- Grain: one entry of the ledger: what a platform or till booked, and what follows from dates (points become usable,
-- points expire). points are what the ledger took; points_told what was booked, which is more where a spend found too
-- little. Sums of points by member are available + pending - debt. Trap: entries up to the cut; those that dates will
-- bring are not there yet.
with

people as (
    {{ changed_people() | indent(4) }}
),

booked_lots as (
    select * from {{ ref('int_loyalty__booked') }}
    where scenario = 'live' and ledger_part = 'lot' {{ and_of_changed_people('member_no') }}
),

booked as (
    select * from {{ ref('int_loyalty__booked') }}
    where scenario = 'live' and ledger_part <> 'lot' {{ and_of_changed_people('member_no') }}
),

lots as (
    select * from {{ ref('int_loyalty__lots') }}
    where scenario = 'live' {{ and_of_changed_people('member_no') }}
),

moves as (
    select * from {{ ref('int_loyalty__moves') }}
    where true {{ and_of_changed_people('member_no') }}
),

orders as (
    select
        order_references.order_reference,
        orders.order_id,
        orders.sales_channel
    from {{ ref('int_loyalty__orders') }} as order_references
    inner join {{ ref('orders') }} as orders on order_references.order_id = orders.order_id
),

zones as (
    select * from {{ ref('int_loyalty__rules') }}
    where scenario = 'live'
),

local_days as (
    select * from {{ ref('int_loyalty__local_days') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

cut_people as (
    select
        people.*,
        point_in_time.cut_at
    from people
    cross join point_in_time
),

-- What the lots gave or took, and from which one, if it was one.
taken as (
    select
        member_no,
        booking_id,
        -sum(case when kind = 'uncovered' then 0 else points end) as points,
        case when min(lot_no) = max(lot_no) then min(lot_no) end as lot_no
    from moves
    where booking_id is not null
    group by member_no, booking_id
),

reversals as (
    select
        member_no,
        order_reference
    from booked
    where ledger_part = 'reversal'
),

first_spends as (
    select
        booked.member_no,
        booked.order_reference,
        min_by(
            booked.booking_id,
            {{ make_struct({'booked_at': 'booked.booked_at', 'booking_id': 'booked.booking_id'}) }}
        ) as booking_id
    from booked
    semi join reversals on booked.member_no = reversals.member_no and booked.order_reference = reversals.order_reference
    where booked.entry_type = 'spend'
    group by booked.member_no, booked.order_reference
),

entries as (
    select
        booking_id as entry_id,
        member_no,
        rule_number,
        entry_type,
        points,
        points as points_told,
        booked_at as occurred_at,
        booking_id as lot_id,
        order_reference,
        cast(null as string) as reverses_entry_id
    from booked_lots
    union all
    select
        booked.booking_id as entry_id,
        booked.member_no,
        booked.rule_number,
        booked.entry_type,
        coalesce(taken.points, 0) as points,
        case booked.ledger_part when 'reversal' then booked.points else -booked.points end as points_told,
        booked.booked_at as occurred_at,
        lots.lot_id,
        booked.order_reference,
        case booked.ledger_part
            when 'reversal' then first_spends.booking_id
            when 'clawback' then lots.lot_id
        end as reverses_entry_id
    from booked
    left join taken on booked.member_no = taken.member_no and booked.booking_id = taken.booking_id
    left join lots on taken.member_no = lots.member_no and taken.lot_no = lots.lot_no
    left join first_spends
        on booked.member_no = first_spends.member_no and booked.order_reference = first_spends.order_reference
    union all
    select
        lots.lot_id || ':activate' as entry_id,
        lots.member_no,
        lots.rule_number,
        'activate' as entry_type,
        cast(0 as bigint) as points,
        cast(null as bigint) as points_told,
        lots.active_at as occurred_at,
        lots.lot_id,
        lots.order_reference,
        cast(null as string) as reverses_entry_id
    from lots
    where
        lots.active_at > lots.earned_at
        and (lots.expires_at is null or lots.expires_at > lots.active_at)
    union all
    select
        lots.lot_id || ':expire'
        || case when moves.moved_at = lots.expires_at then '' else ':' || cast(moves.moved_at as string) end
            as entry_id,
        lots.member_no,
        lots.rule_number,
        'expire' as entry_type,
        -moves.points as points,
        cast(null as bigint) as points_told,
        moves.moved_at as occurred_at,
        lots.lot_id,
        lots.order_reference,
        cast(null as string) as reverses_entry_id
    from moves
    inner join lots on moves.member_no = lots.member_no and moves.lot_no = lots.lot_no
    where moves.kind = 'expire' and moves.booking_id is null
)

select
    entries.entry_id,
    people.programme,
    people.member_id,
    people.customer_id,
    entries.entry_type,
    {{ as_points('entries.points') }} as points,
    {{ as_points('entries.points_told') }} as points_told,
    entries.occurred_at,
    {{ local_day('entries.occurred_at', 'local_days', 'zones.time_zone') }} as occurred_on,
    entries.lot_id,
    orders.order_id,
    entries.reverses_entry_id,
    orders.sales_channel,
    people.state_hash
from entries
inner join cut_people as people on entries.member_no = people.member_no
inner join zones on people.programme = zones.programme and entries.rule_number = zones.rule_number
left join local_days
    on zones.time_zone = local_days.time_zone and cast(entries.occurred_at as date) = local_days.utc_day
left join orders on entries.order_reference = orders.order_reference
where entries.occurred_at < people.cut_at
