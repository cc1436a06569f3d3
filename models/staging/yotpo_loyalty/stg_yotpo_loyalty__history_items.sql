-- One entry of a member's history. There is no id: member, time, action, points and how often just that occurred before
-- are the key, so that neither new entries in front nor the member's old address shifts it.
with

customers as (
    select
        member_id,
        email,
        last_seen_at,
        {{ explode('items') }} as item
    from {{ ref('base_yotpo_loyalty__customers') }}
    where row_status = 'staged'
),

typed as (
    select
        member_id,
        email,
        last_seen_at,
        {{ to_utc('item.created_at') }} as recorded_at,
        {{ to_utc('item.completed_at') }} as completed_at,
        {{ clean_text('item.action') }} as action,
        {{ clean_text('item.action_name') }} as action_name,
        try_cast({{ whole_number('item.points') }} as decimal(18, 2)) as points,
        lower({{ clean_text('item.status') }}) as item_state,
        item.order_ids
    from customers
),

numbered as (
    select
        *,
        row_number() over (
            partition by member_id, email, recorded_at, action, points
            order by item_state asc nulls last, completed_at asc nulls last
        ) as occurrence
    from typed
),

-- The rows of a member's old and new address tell the same history.
told as (
    select
        *,
        row_number() over (
            partition by member_id, recorded_at, action, points, occurrence
            order by last_seen_at desc nulls last, email asc
        ) as position
    from numbered
)

select
    {{ hash_text("concat_ws('|', member_id, recorded_at, coalesce(action, '-'), points, occurrence)") }}
        as history_item_key,
    member_id,
    email,
    recorded_at,
    coalesce(completed_at, recorded_at) as occurred_at,
    action,
    action_name,
    points,
    item_state,
    order_ids
from told
where position = 1
