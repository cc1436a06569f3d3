-- One record with the person behind it, and whether that person has asked to be forgotten: then nothing personal of the
-- record may show. customer_id is null where nothing usable names one (a walk-in).
with

erasures as (
    select * from {{ ref('erasures') }}
    where key_type = 'record'
)

select
    records.source_name,
    records.source_record_type,
    records.source_record_id,
    records.recorded_at,
    records.customer_id,
    erasures.key_type is not null as is_erased
from {{ ref('int_identity__assigned') }} as records
left join erasures
    on
        records.source_name = erasures.source_name
        and records.source_record_type = erasures.source_record_type
        and records.source_record_id = erasures.key_value
