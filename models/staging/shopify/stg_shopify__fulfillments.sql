select
    fulfillment_id,
    shop_url,
    shopify_order_id,
    created_at,
    updated_at,
    fulfillment_status,
    carrier_status,
    carrier,
    tracking_number,
    tracking_numbers,
    location_id
from {{ ref('base_shopify__fulfillments') }}
where row_status = 'staged'
