-- A member's stays begin with the first booking, each begins where the one before ends, the last one is open, and who
-- has a tier at the cut is in that tier.
with

stays as (
    select
        *,
        lag(valid_to) over (partition by programme, member_id order by valid_from) as previous_to,
        lag(valid_from) over (partition by programme, member_id order by valid_from) as previous_from
    from {{ ref('loyalty_tier_history') }}
),

states as (
    select * from {{ ref('int_loyalty__tier_state') }}
    where scenario = 'live'
),

members as (
    select * from {{ ref('int_loyalty__members') }}
    where scenario = 'live'
)

select
    programme,
    member_id,
    valid_from
from stays
where
    valid_from >= coalesce(valid_to, timestamp '9999-12-31 00:00:00')
    or (previous_from is not null and coalesce(previous_to, timestamp '9999-12-31 00:00:00') <> valid_from)
union all
select
    states.programme,
    states.member_id,
    members.enrolled_at as valid_from
from states
inner join members on states.programme = members.programme and states.member_id = members.member_id
left join stays as current_stays
    on
        states.programme = current_stays.programme
        and states.member_id = current_stays.member_id
        and states.tier_rank = current_stays.tier_rank
        and current_stays.valid_to is null
left join stays as first_stays
    on
        states.programme = first_stays.programme
        and states.member_id = first_stays.member_id
        and members.enrolled_at = first_stays.valid_from
where current_stays.member_id is null or first_stays.member_id is null
