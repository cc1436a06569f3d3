-- Every state that a subscription was seen in, once.
select distinct
    subscription_id,
    updated_at,
    subscription_status,
    cancelled_at,
    variant_id
from {{ ref('base_recharge__subscriptions') }}
where row_status in ('staged', 'duplicate')
