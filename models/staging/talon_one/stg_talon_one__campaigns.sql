select
    campaign_id,
    campaign_name,
    campaign_state,
    starts_at,
    ends_at,
    tags,
    loaded_at
from {{ ref('base_talon_one__campaigns') }}
where row_status = 'staged'
