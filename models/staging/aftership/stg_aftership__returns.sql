select
    return_id,
    rma_number,
    requested_at,
    updated_at,
    approved_at,
    rejected_at,
    refunded_at,
    resolved_at,
    expired_at,
    filed_by,
    refund_destination,
    outcomes,
    order_reference,
    order_label,
    email,
    exchange_order_reference,
    refunded_amount,
    currency_code,
    lines
from {{ ref('base_aftership__returns') }}
where row_status = 'staged'
