-- The sum of a member's entries, what the lots and the debt say, and the last day of the history are one figure.
with

entries as (
    select
        programme,
        member_id,
        sum(points) as points
    from {{ ref('loyalty_entries') }}
    group by programme, member_id
),

balances as (
    select
        programme,
        member_id,
        points_available + points_pending - points_debt as points
    from {{ ref('loyalty_balances') }}
),

last_days as (
    select
        programme,
        member_id,
        points_available + points_pending - points_debt as points
    from {{ ref('loyalty_balance_history') }}
    where valid_to is null
)

select
    coalesce(entries.programme, balances.programme, last_days.programme) as programme,
    coalesce(entries.member_id, balances.member_id, last_days.member_id) as member_id,
    entries.points as entry_points,
    balances.points as balance_points,
    last_days.points as history_points
from entries
full join balances on entries.programme = balances.programme and entries.member_id = balances.member_id
full join last_days on balances.programme = last_days.programme and balances.member_id = last_days.member_id
where entries.points is distinct from balances.points or balances.points is distinct from last_days.points
