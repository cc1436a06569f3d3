select
    event_id,
    object_type,
    object_id,
    verb,
    occurred_at
from {{ ref('base_recharge__events') }}
where row_status = 'staged'
