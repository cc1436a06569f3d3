select
    gorgias_customer_id,
    email,
    external_id,
    full_name,
    created_at,
    updated_at
from {{ ref('base_gorgias__customers') }}
where row_status = 'staged'
