select
    message_id,
    ticket_id,
    sent_at,
    failed_at,
    is_from_agent,
    is_public,
    is_automatic
from {{ ref('base_gorgias__messages') }}
where row_status = 'staged'
