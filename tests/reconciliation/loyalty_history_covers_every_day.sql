-- From a member's first day on there is one balance for each day: rows neither overlap nor leave a gap, one is still
-- open.
with

history as (
    select
        programme,
        member_id,
        valid_from,
        valid_to,
        lead(valid_from) over (partition by programme, member_id order by valid_from) as next_valid_from
    from {{ ref('loyalty_balance_history') }}
)

select *
from history
where valid_to is distinct from next_valid_from or valid_to <= valid_from
