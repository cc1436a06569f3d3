-- Grain: audience, person and interval in the audience, as the exports said it. exited_at null: is in it. An id that
-- has retired since keeps its own intervals; its person's go on under the new one.
with

log as (
    select * from {{ ref('audience_log') }}
    where change <> 'update'
),

paired as (
    select
        *,
        lead(change) over (partition by audience, customer_id order by change_number) as next_change,
        lead(changed_at) over (partition by audience, customer_id order by change_number) as next_changed_at,
        lead(reason) over (partition by audience, customer_id order by change_number) as next_reason
    from log
)

select
    audience,
    customer_id,
    change_number as interval_number,
    changed_at as entered_at,
    next_changed_at as exited_at,
    next_reason as exit_reason
from paired
where change = 'add'
