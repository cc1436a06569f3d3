select
    ticket_id,
    opened_at,
    updated_at,
    closed_at,
    exclusion_reason,
    priority,
    channel,
    subject,
    excerpt,
    gorgias_customer_id,
    email,
    integrations,
    tag_list,
    fields
from {{ ref('base_gorgias__tickets') }}
where row_status = 'staged'
