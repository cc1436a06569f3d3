select
    effect_key,
    event_id,
    event_number,
    event_type,
    effect_name,
    ruleset_id,
    rule_index,
    campaign_id,
    coupon_id,
    session_id,
    profile_id,
    created_at,
    label,
    value_text,
    amount,
    rejection_reason,
    programme_id,
    loaded_at
from {{ ref('base_talon_one__effects') }}
where row_status = 'staged'
