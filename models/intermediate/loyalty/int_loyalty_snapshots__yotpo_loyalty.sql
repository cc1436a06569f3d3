{{ config(materialized='view') }}
-- What the platform said that a member could spend, by the newest row of the member. Debt is taken off.
select
    'yotpo_loyalty' as source_name,
    'yotpo_loyalty' as programme,
    {{ foreign_record_id('member_id') }} as member_id,
    coalesce(last_seen_at, loaded_at) as told_at,
    cast(points_balance as decimal(18, 2)) as points_available,
    cast(null as decimal(18, 2)) as points_pending,
    cast(null as decimal(18, 2)) as points_expired,
    tier
from {{ ref('stg_yotpo_loyalty__customers') }}
where is_current and points_balance is not null
