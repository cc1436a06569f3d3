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
        programme,
        max_by(time_zone, rule_number) as time_zone
    from {{ ref('int_loyalty__rules') }}
    where scenario = 'live'
    group by programme
),

records as (
    select * from {{ ref('int_identity__records') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

days as (
    select
        members.member_no,
        cast({{ utc_to_local('changes.changed_at', 'zones.time_zone') }} as date) as changed_on,
        sum(changes.available) as available,
        sum(changes.pending) as pending,
        sum(changes.debt) as debt
    from changes
    inner join members on changes.member_no = members.member_no
    inner join zones on members.programme = zones.programme
    cross join point_in_time
    where changes.changed_at < point_in_time.cut_at
    group by members.member_no, cast({{ utc_to_local('changes.changed_at', 'zones.time_zone') }} as date)
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
    members.programme,
    members.member_id,
    records.customer_id,
    balances.changed_on as valid_from,
    balances.next_changed_on as valid_to,
    {{ as_points('balances.available') }} as points_available,
    {{ as_points('balances.pending') }} as points_pending,
    {{ as_points('balances.debt') }} as points_debt
from balances
inner join members on balances.member_no = members.member_no
left join records
    on
        members.source_name = records.source_name
        and members.source_record_type = records.source_record_type
        and members.source_record_id = records.source_record_id
