-- Grain: one customer id that was issued once and no longer names anybody. One lookup is enough: customer_id is never
-- itself retired.
with

changes as (
    select * from {{ ref('customer_id_changes') }}
    qualify row_number() over (partition by old_customer_id order by change_number desc) = 1
)

select
    changes.old_customer_id,
    ids.customer_id,
    changes.reason,
    changes.changed_at,
    changes.identifier_type,
    changes.identifier_value,
    changes.source_name,
    changes.source_record_type,
    changes.source_record_id
from changes
inner join {{ ref('int_identity__ids') }} as ids on changes.old_customer_id = ids.issued_customer_id
where ids.customer_id <> changes.old_customer_id
