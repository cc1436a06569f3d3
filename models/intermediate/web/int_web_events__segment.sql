{{ config(materialized='view') }}
-- One page or event of the site, or one moment in which a browser was told who uses it.
select
    'segment:' || event_id as event_id,
    'segment' as source_name,
    case when user_id is not null then 'user' end as source_record_type,
    {{ foreign_record_id('user_id') }} as source_record_id,
    anonymous_id,
    event_name,
    occurred_at,
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
    currency_code
from {{ ref('stg_segment__events') }}
union all
select
    'segment:' || identify_id as event_id,
    'segment' as source_name,
    case when user_id is not null then 'user' end as source_record_type,
    {{ foreign_record_id('user_id') }} as source_record_id,
    anonymous_id,
    'identify' as event_name,
    identified_at as occurred_at,
    cast(null as string) as url,
    cast(null as string) as path,
    cast(null as string) as referrer,
    cast(null as string) as campaign_source,
    cast(null as string) as campaign_medium,
    cast(null as string) as campaign_name,
    cast(null as string) as user_agent,
    cast(null as string) as product_id,
    cast(null as string) as sku,
    cast(null as decimal(18, 4)) as quantity,
    cast(null as string) as order_reference,
    cast(null as decimal(18, 2)) as event_value,
    cast(null as string) as currency_code
from {{ ref('stg_segment__identifies') }}
