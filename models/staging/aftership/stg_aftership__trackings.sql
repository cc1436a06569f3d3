select
    tracking_id,
    tracking_number,
    carrier,
    service,
    created_at,
    updated_at,
    tag,
    subtag,
    order_reference,
    order_label,
    picked_up_on,
    delivered_on,
    first_attempted_on,
    order_promised_on,
    first_estimated_on,
    courier_estimated_on,
    is_return_leg,
    people,
    country_code,
    scans
from {{ ref('base_aftership__trackings') }}
where row_status = 'staged'
