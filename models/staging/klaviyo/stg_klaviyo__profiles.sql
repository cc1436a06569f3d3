select
    profile_id,
    email,
    phone,
    external_id,
    created_at,
    updated_at,
    loaded_at
from {{ ref('base_klaviyo__profiles') }}
where row_status = 'staged'
