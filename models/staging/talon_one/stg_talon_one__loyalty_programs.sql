select
    programme_id,
    programme_name,
    time_zone,
    default_validity,
    validity_count,
    validity_unit,
    validity_rounding,
    default_pending,
    pending_count,
    pending_unit,
    pending_rounding,
    tiers,
    is_card_based,
    is_sandbox,
    has_subledgers,
    return_policy,
    join_policy,
    tier_expiration_policy,
    tier_downgrade_policy,
    loaded_at
from {{ ref('base_talon_one__loyalty_programs') }}
where row_status = 'staged'
