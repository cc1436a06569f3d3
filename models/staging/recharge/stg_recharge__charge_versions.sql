-- Every state that a charge was seen in and each subscription on it, once. Lines bought once belong to no subscription.
with

lines as (
    select
        charge_id,
        charge_status,
        charge_type,
        scheduled_on,
        processed_at,
        updated_at,
        order_reference,
        attempt_count,
        {{ explode('lines') }} as line
    from {{ ref('base_recharge__charges') }}
    where row_status in ('staged', 'duplicate')
)

select distinct
    charge_id,
    {{ clean_text('coalesce(line.purchase_item_id, line.subscription_id)') }} as subscription_id,
    charge_status,
    charge_type,
    scheduled_on,
    processed_at,
    updated_at,
    order_reference,
    attempt_count
from lines
where
    coalesce(lower(line.purchase_item_type), 'subscription') = 'subscription'
    and {{ clean_text('coalesce(line.purchase_item_id, line.subscription_id)') }} is not null
