select
    raw_table,
    named_id,
    name
from {{ ref('base_klaviyo__names') }}
where row_status = 'staged'
