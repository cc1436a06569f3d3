select
    email,
    order_reference,
    product_id,
    email_type,
    reminder_number,
    sent_at,
    opened_at,
    clicked_at,
    reviewed_at,
    unsubscribed_at,
    complained_at,
    failed_at,
    bounced_at,
    has_coupon
from {{ ref('base_yotpo__raw_data') }}
where row_status = 'staged'
