select
    programme_id,
    subledger,
    profile_id,
    tier,
    tier_started_at,
    tier_expires_at,
    loaded_at,
    first_exported_at
from {{ ref('base_talon_one__customers_tiers') }}
where row_status = 'staged'
