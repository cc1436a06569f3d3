-- Grain: programme, member and days in which nothing changed: the balance at the end of each day from valid_from
-- until the day before valid_to (null: still so). Days are those of the programme's zone. Trap: never sum over rows;
-- ask for one day.
with

changes as (
    select * from {{ ref('int_loyalty__balance_changes') }}
),

members as (
    select * from {{ ref('int_loyalty__members') }}
    where scenario = 'live'
),

zones as (
    select
        rules.programme,
        max_by(rules.time_zone, rules.rule_number) as time_zone
    from {{ ref('int_loyalty__rules') }} as rules
    cross join {{ ref('point_in_time') }} as point_in_time
    where rules.scenario = 'live' and rules.starts_at < point_in_time.cut_at
    group by rules.programme
),

records as (
    select * from {{ ref('int_identity__records') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

people as (
    select
        members.member_no,
        members.programme,
        members.member_id,
        zones.time_zone,
        records.customer_id
    from members
    inner join zones on members.programme = zones.programme
    left join records
        on
            members.source_name = records.source_name
            and members.source_record_type = records.source_record_type
            and members.source_record_id = records.source_record_id
),

local_days as (
    select * from {{ ref('int_loyalty__local_days') }}
),

days as (
    select
        people.member_no,
        {{ local_day('changes.changed_at', 'local_days', 'people.time_zone') }} as changed_on,
        sum(changes.available) as available,
        sum(changes.pending) as pending,
        sum(changes.debt) as debt
    from changes
    inner join people on changes.member_no = people.member_no
    cross join point_in_time
    left join local_days
        on people.time_zone = local_days.time_zone and cast(changes.changed_at as date) = local_days.utc_day
    where changes.changed_at < point_in_time.cut_at
    group by people.member_no, {{ local_day('changes.changed_at', 'local_days', 'people.time_zone') }}
),

{%- set upto = 'partition by member_no order by changed_on rows between unbounded preceding and current row' %}

balances as (
    select
        member_no,
        changed_on,
        lead(changed_on) over (partition by member_no order by changed_on) as next_changed_on,
        sum(available) over ({{ upto }}) as available,
        sum(pending) over ({{ upto }}) as pending,
        sum(debt) over ({{ upto }}) as debt
    from days
)

select
    people.programme,
    people.member_id,
    people.customer_id,
    balances.changed_on as valid_from,
    balances.next_changed_on as valid_to,
    {{ as_points('balances.available') }} as points_available,
    {{ as_points('balances.pending') }} as points_pending,
    {{ as_points('balances.debt') }} as points_debt
from balances
inner join people on balances.member_no = people.member_no
