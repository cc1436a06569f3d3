select
    event_id,
    anonymous_id,
    user_id,
    occurred_at,
    case when raw_table = 'pages' then 'page' else event_name end as event_name,
    url,
    path,
    referrer,
    campaign_source,
    campaign_medium,
    campaign_name,
    user_agent,
    product_id,
    sku,
    quantity,
    order_reference,
    event_value,
    currency_code,
    loaded_at
from {{ ref('base_segment__events') }}
where row_status = 'staged'
