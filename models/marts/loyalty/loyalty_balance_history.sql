{{ config(
    materialized=replaced_in_part(), incremental_strategy='append', on_schema_change='append_new_columns',
    pre_hook='{{ forget_changed_people() }}'
) }}
-- Grain: programme, member and days in which nothing changed: the balance at the end of each day from valid_from
-- until the day before valid_to (null: still so). Days are those of the programme's zone. Trap: never sum over rows;
-- ask for one day.
with

people as (
    {{ changed_people() | indent(4) }}
),

changes as (
    select * from {{ ref('int_loyalty__balance_changes') }}
    where true {{ and_of_changed_people('member_no') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

local_days as (
    select * from {{ ref('int_loyalty__local_days') }}
),

dated as (
    select
        people.member_no,
        {{ local_day('changes.changed_at', 'local_days', 'people.time_zone') }} as changed_on,
        changes.available,
        changes.pending,
        changes.debt
    from changes
    inner join people on changes.member_no = people.member_no
    cross join point_in_time
    left join local_days
        on people.time_zone = local_days.time_zone and cast(changes.changed_at as date) = local_days.utc_day
    where changes.changed_at < point_in_time.cut_at
),

{%- set by_day = 'partition by member_no order by changed_on' %}
{%- set upto = by_day ~ ' range between unbounded preceding and current row' %}

-- The last change of each day stands for the day: sums are those of all its changes.
balances as (
    select
        member_no,
        changed_on,
        lead(changed_on) over ({{ by_day }}) as next_changed_on,
        sum(available) over ({{ upto }}) as available,
        sum(pending) over ({{ upto }}) as pending,
        sum(debt) over ({{ upto }}) as debt
    from dated
    qualify lead(changed_on) over ({{ by_day }}) is distinct from changed_on
)

select
    people.programme,
    people.member_id,
    people.customer_id,
    balances.changed_on as valid_from,
    balances.next_changed_on as valid_to,
    {{ as_points('balances.available') }} as points_available,
    {{ as_points('balances.pending') }} as points_pending,
    {{ as_points('balances.debt') }} as points_debt,
    people.state_hash
from balances
inner join people on balances.member_no = people.member_no
