select
    identify_id,
    anonymous_id,
    user_id,
    identified_at,
    email,
    phone,
    loaded_at
from {{ ref('base_segment__identifies') }}
where row_status = 'staged'
