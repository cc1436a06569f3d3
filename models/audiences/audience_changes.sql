{{ config(materialized='view') }}
-- Grain: one add, update or remove of the newest export; audience_log has all of them. change_id is the idempotency
-- key: a build that is repeated gives the same ones.
with

log as (
    select
        *,
        max(changed_at) over () as last_changed_at
    from {{ ref('audience_log') }}
)

select
    audience,
    customer_id,
    {{ hash_text("concat_ws('|', audience, customer_id, cast(change_number as string))") }} as change_id,
    change,
    reason,
    changed_at as at,
    channel,
    payload_hash
from log
where changed_at = last_changed_at
