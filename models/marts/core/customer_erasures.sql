-- Grain: one person who asked to be forgotten: what is left to prove it. Orders, points and other facts of the person
-- stay under customer_id and carry nothing personal.
with

records as (
    select * from {{ ref('int_identity__records') }}
    where is_erased and customer_id is not null
),

keys as (
    select * from {{ ref('erasures') }}
)

select
    records.customer_id,
    min(keys.requested_at) as requested_at,
    min_by(keys.requested_by, cast(keys.requested_at as string) || keys.requested_by) as requested_by,
    min(keys.noticed_at) as noticed_at,
    count(*) as record_count
from records
inner join keys
    on
        keys.key_type = 'record'
        and records.source_name = keys.source_name
        and records.source_record_type = keys.source_record_type
        and records.source_record_id = keys.key_value
group by records.customer_id
