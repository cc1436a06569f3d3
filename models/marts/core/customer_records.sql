-- Grain: one source record with a usable identifier, and the one person that it belongs to.
select
    source_name,
    source_record_type,
    source_record_id,
    customer_id
from {{ ref('int_identity__records') }}
where customer_id is not null
