select
    refund_id,
    shop_url,
    shopify_order_id,
    refunded_at,
    lines,
    adjustments,
    has_no_pieces,
    has_moved_money,
    money_amount,
    loaded_at
from {{ ref('base_shopify__order_refunds') }}
where row_status = 'staged'
