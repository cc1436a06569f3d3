select
    survey_id,
    ticket_id,
    score,
    created_at,
    sent_at,
    scored_at,
    comment
from {{ ref('base_gorgias__satisfaction_surveys') }}
where row_status = 'staged'
