{{ config(materialized='view') }}
-- What the platform said that a member had, one snapshot a day. Debt is in no column: a balance is never below 0.
select
    'talon_one' as source_name,
    'talon_one:' || programme_id || case when subledger <> 'main' then ':' || subledger else '' end as programme,
    {{ foreign_record_id('profile_id') }} as member_id,
    snapshot_at as told_at,
    points_available,
    points_pending,
    points_expired,
    tier
from {{ ref('stg_talon_one__loyalty_balances') }}
