-- One stretch of days of one member in which nothing new was done: from joining, or from a day on which points were
-- earned by an order or spent, until the next such day. The first booking is the joining; a bonus is no activity.
with

bookings as (
    select * from {{ ref('int_loyalty_bookings__unioned') }}
),

rules as (
    select * from {{ ref('int_loyalty__rules') }}
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
        rules.time_zone
    from rules
    cross join point_in_time
    where {{ is_in_force_before('rules', 'point_in_time.cut_at') }}
),

-- East of the reporting zone the day after as_of has begun.
members as (
    select
        members.programme,
        members.member_id,
        members.source_name,
        records.customer_id,
        zones.time_zone,
        least(
            cast({{ utc_to_local('members.enrolled_at', 'zones.time_zone') }} as date), point_in_time.as_of
        ) as enrolled_on
    from {{ ref('int_loyalty__members') }} as members
    inner join zones on members.programme = zones.programme
    cross join point_in_time
    left join records
        on
            members.source_name = records.source_name
            and members.source_record_type = records.source_record_type
            and members.source_record_id = records.source_record_id
    where members.scenario = 'live'
),

dated as (
    select
        bookings.programme,
        bookings.member_id,
        bookings.entry_type = 'spend' or (bookings.entry_type = 'earn' and bookings.order_reference is not null)
            as is_activity,
        least(
            cast({{ utc_to_local('bookings.booked_at', 'members.time_zone') }} as date), point_in_time.as_of
        ) as booked_on
    from bookings
    inner join members on bookings.programme = members.programme and bookings.member_id = members.member_id
    cross join point_in_time
),

days as (
    select
        programme,
        member_id,
        booked_on as valid_from,
        max(is_activity) as is_activity
    from dated
    group by programme, member_id, booked_on
),

changes as (
    select
        days.programme,
        days.member_id,
        members.source_name,
        members.customer_id,
        members.enrolled_on,
        days.valid_from,
        days.is_activity
    from days
    inner join members on days.programme = members.programme and days.member_id = members.member_id
    where days.is_activity or days.valid_from = members.enrolled_on
)

select
    programme,
    member_id,
    source_name,
    customer_id,
    enrolled_on,
    valid_from,
    lead(valid_from) over (partition by programme, member_id order by valid_from) as valid_to,
    case when is_activity then valid_from end as last_active_on
from changes
