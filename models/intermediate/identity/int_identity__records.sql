-- One record with the person behind it, and whether that person has asked to be forgotten: then nothing personal of the
-- record may show. customer_id is null where nothing usable names one (a walk-in).
select
    records.source_name,
    records.source_record_type,
    records.source_record_id,
    records.recorded_at,
    records.customer_id,
    forgotten.customer_id is not null as is_erased
from {{ ref('int_identity__assigned') }} as records
left join {{ ref('int_identity__forgotten') }} as forgotten on records.customer_id = forgotten.customer_id
