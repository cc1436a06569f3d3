select
    review_id,
    created_at,
    updated_at,
    score,
    sentiment,
    title,
    content,
    product_id,
    email,
    reviewer_type,
    votes_up,
    votes_down,
    is_deleted,
    is_archived,
    is_incentivized,
    incentive_type
from {{ ref('base_yotpo__reviews') }}
where row_status = 'staged'
