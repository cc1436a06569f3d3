select
    unsubscriber_id,
    email,
    email_type_id,
    first_loaded_at
from {{ ref('base_yotpo__unsubscribers') }}
where row_status = 'staged'
