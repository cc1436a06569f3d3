-- One member of the live programme with the person behind it. state_hash changes with anything that the member's rows
-- in the marts are made of: what lots and moves are made of, how many of their dates have passed, the person, the
-- orders that bookings name, and the zone of the day; a build makes anew only the rows of whom it changed for.
with

members as (
    select * from {{ ref('int_loyalty__members') }}
    where scenario = 'live'
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
),

zones as (
    select
        rules.programme,
        max_by(rules.time_zone, rules.rule_number) as time_zone
    from {{ ref('int_loyalty__rules') }} as rules
    cross join point_in_time
    where rules.scenario = 'live' and rules.starts_at < point_in_time.cut_at
    group by rules.programme
),

-- Of a ledger that stays the same, fewer dates have passed before every earlier cut.
dates as (
    select
        member_no,
        moved_at as happens_at
    from {{ ref('int_loyalty__moves') }}
    union all
    select
        member_no,
        active_at as happens_at
    from {{ ref('int_loyalty__lots') }}
    where scenario = 'live'
),

passed as (
    select
        dates.member_no,
        count(*) as dates_passed
    from dates
    cross join point_in_time
    where dates.happens_at < point_in_time.cut_at
    group by dates.member_no
),

order_hashes as (
    select
        order_references.order_reference,
        {{ hash_number(['order_references.order_id', 'orders.order_id', 'orders.sales_channel']) }} as order_hash
    from {{ ref('int_loyalty__orders') }} as order_references
    left join {{ ref('orders') }} as orders on order_references.order_id = orders.order_id
),

ordered as (
    select
        booked.member_no,
        bit_xor({{ hash_number(['booked.booking_id', 'order_hashes.order_hash']) }}) as orders_hash
    from {{ ref('int_loyalty__booked') }} as booked
    inner join order_hashes on booked.order_reference = order_hashes.order_reference
    where booked.scenario = 'live'
    group by booked.member_no
)

select
    members.member_no,
    members.programme,
    members.member_id,
    records.customer_id,
    members.enrolled_at,
    members.last_booked_at,
    zones.time_zone,
    {{ hash_number([
        'members.inputs_hash', 'passed.dates_passed', 'records.customer_id', 'ordered.orders_hash', 'zones.time_zone'
    ]) }} as state_hash
from members
inner join zones on members.programme = zones.programme
left join passed on members.member_no = passed.member_no
left join ordered on members.member_no = ordered.member_no
left join records
    on
        members.source_name = records.source_name
        and members.source_record_type = records.source_record_type
        and members.source_record_id = records.source_record_id
