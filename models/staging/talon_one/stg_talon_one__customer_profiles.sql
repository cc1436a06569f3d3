select
    profile_id,
    created_at,
    last_active_at,
    email,
    phone,
    closed_session_count,
    loaded_at
from {{ ref('base_talon_one__customer_profiles') }}
where row_status = 'staged'
