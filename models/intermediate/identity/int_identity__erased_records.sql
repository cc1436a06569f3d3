-- One record of somebody who is forgotten, those included that no build sees any more; not one that tells somebody else
-- by now.
select
    erasures.source_name,
    erasures.source_record_type,
    erasures.key_value as source_record_id
from {{ ref('erasures') }} as erasures
anti join {{ ref('int_identity__records') }} as records
    on
        erasures.source_name = records.source_name
        and erasures.source_record_type = records.source_record_type
        and erasures.key_value = records.source_record_id
        and not records.is_erased
where erasures.key_type = 'record'
