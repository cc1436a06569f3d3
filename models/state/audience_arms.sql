{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}
-- One person's arm in one campaign, as the build that first assigned it did. Rows are never changed: who is in a
-- control group stays there while the campaign lives. A build for an earlier as_of assigns nothing.
with

remembered as (
    select * from {{ source('state', 'audience_arms') }}
)

select
    campaign,
    customer_id,
    arm,
    bucket,
    control_share,
    assigned_at
from {{ ref('audience_assignments') }}
where
    is_new
    and assigned_at >= (select coalesce(max(assigned_at), timestamp '1970-01-01') from remembered)
