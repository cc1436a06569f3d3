-- Grain: one entry of the ledger: what a platform or till booked, and what follows from dates (points become usable,
-- points expire). points are what the ledger took; points_told what was booked, which is more where a spend found too
-- little. Sums of points by member are available + pending - debt. Trap: entries up to the cut; those that dates will
-- bring are not there yet.
with

booked as (
    select * from {{ ref('int_loyalty__booked') }}
    where scenario = 'live'
),

lots as (
    select * from {{ ref('int_loyalty__lots') }}
    where scenario = 'live'
),

moves as (
    select * from {{ ref('int_loyalty__moves') }}
),

members as (
    select * from {{ ref('int_loyalty__members') }}
    where scenario = 'live'
),

records as (
    select * from {{ ref('int_identity__records') }}
),

references_of_orders as (
    select * from {{ ref('int_loyalty__orders') }}
),

orders as (
    select * from {{ ref('orders') }}
),

zones as (
    select * from {{ ref('int_loyalty__rules') }}
    where scenario = 'live'
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

-- What the lots gave or took, and for how many lots a booking did so.
taken as (
    select
        member_no,
        booking_id,
        -sum(case when kind = 'uncovered' then 0 else points end) as points,
        case when count(distinct lot_no) = 1 then min(lot_no) end as lot_no
    from moves
    where booking_id is not null
    group by member_no, booking_id
),

reversals as (
    select distinct
        member_no,
        order_reference
    from booked
    where ledger_part = 'reversal'
),

first_spends as (
    select
        booked.member_no,
        booked.order_reference,
        min_by(booked.booking_id, cast(booked.booked_at as string) || booked.booking_id) as booking_id
    from booked
    semi join reversals on booked.member_no = reversals.member_no and booked.order_reference = reversals.order_reference
    where booked.entry_type = 'spend'
    group by booked.member_no, booked.order_reference
),

told_entries as (
    select
        booked.booking_id as entry_id,
        booked.member_no,
        booked.rule_number,
        booked.entry_type,
        case booked.ledger_part
            when 'lot' then booked.points
            else coalesce(taken.points, 0)
        end as points,
        case when booked.ledger_part in ('lot', 'reversal') then booked.points else -booked.points end as points_told,
        booked.booked_at as occurred_at,
        case booked.ledger_part when 'lot' then booked.booking_id else lots.lot_id end as lot_id,
        booked.order_reference,
        case
            when booked.entry_type = 'spend_reversal' then first_spends.booking_id
            when booked.entry_type = 'clawback' then lots.lot_id
        end as reverses_entry_id,
        booked.reason
    from booked
    left join taken
        on
            booked.ledger_part <> 'lot'
            and booked.member_no = taken.member_no
            and booked.booking_id = taken.booking_id
    left join lots on taken.member_no = lots.member_no and taken.lot_no = lots.lot_no
    left join first_spends
        on
            booked.ledger_part = 'reversal'
            and booked.member_no = first_spends.member_no
            and booked.order_reference = first_spends.order_reference
),

activations as (
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
        cast(null as string) as reason
    from lots
    where lots.active_at > lots.earned_at and (lots.expires_at is null or lots.expires_at > lots.active_at)
),

expiries as (
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
        cast(null as string) as reverses_entry_id,
        cast(null as string) as reason
    from moves
    inner join lots on moves.member_no = lots.member_no and moves.lot_no = lots.lot_no
    where moves.kind = 'expire' and moves.booking_id is null
),

entries as (
    select * from told_entries
    union all
    select
        entry_id,
        member_no,
        rule_number,
        entry_type,
        points,
        points_told,
        occurred_at,
        lot_id,
        order_reference,
        cast(null as string) as reverses_entry_id,
        reason
    from activations
    union all
    select * from expiries
)

select
    entries.entry_id,
    members.programme,
    members.member_id,
    records.customer_id,
    entries.entry_type,
    {{ as_points('entries.points') }} as points,
    {{ as_points('entries.points_told') }} as points_told,
    entries.occurred_at,
    cast({{ utc_to_local('entries.occurred_at', 'zones.time_zone') }} as date) as occurred_on,
    entries.lot_id,
    orders.order_id,
    entries.reverses_entry_id,
    orders.sales_channel,
    entries.reason
from entries
cross join point_in_time
inner join members on entries.member_no = members.member_no
inner join zones on members.programme = zones.programme and entries.rule_number = zones.rule_number
left join records
    on
        members.source_name = records.source_name
        and members.source_record_type = records.source_record_type
        and members.source_record_id = records.source_record_id
left join references_of_orders on entries.order_reference = references_of_orders.order_reference
left join orders on references_of_orders.order_id = orders.order_id
where entries.occurred_at < point_in_time.cut_at
