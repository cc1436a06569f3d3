-- One Braze profile that was merged into another before the cut, and the one that survives at the end of the chain.
-- Ids are not used again, so that a chain ends; the limit is for data that says otherwise.
with recursive

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

found as (
    select
        events.user_id,
        events.surviving_user_id,
        row_number() over (
            partition by events.user_id order by events.occurred_at desc, events.surviving_user_id asc
        ) as position
    from {{ ref('stg_braze__user_events') }} as events
    cross join point_in_time
    where
        events.event = 'merged'
        and events.occurred_at < point_in_time.cut_at
        and events.user_id <> events.surviving_user_id
),

newest as (
    select
        user_id,
        surviving_user_id
    from found
    where position = 1
),

chains as (
    select
        user_id,
        surviving_user_id,
        1 as chain_length
    from newest
    union all
    select
        chains.user_id,
        newest.surviving_user_id,
        chains.chain_length + 1 as chain_length
    from chains
    inner join newest on chains.surviving_user_id = newest.user_id
    where chains.chain_length < 20
)

select
    user_id,
    max_by(surviving_user_id, chain_length) as surviving_user_id
from chains
group by user_id
