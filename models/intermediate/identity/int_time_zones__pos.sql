{{ config(materialized='view') }}
-- One receipt and the zone of its store, where the till says it.
select
    'pos' as source_name,
    'sale' as source_record_type,
    store_id || ':' || sale_id as source_record_id,
    store_time_zone as time_zone,
    false as is_persons_own,
    sold_at as seen_at
from {{ ref('stg_pos__sales') }}
where store_time_zone is not null
