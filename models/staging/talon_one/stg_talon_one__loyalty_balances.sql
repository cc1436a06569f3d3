select
    programme_id,
    subledger,
    profile_id,
    snapshot_at,
    points_available,
    points_pending,
    points_expired,
    points_spent,
    tier,
    loaded_at
from {{ ref('base_talon_one__loyalty_balances') }}
where row_status = 'staged'
