-- One record with the person behind it; customer_id is null where nothing usable names one (a walk-in).
with

people as (
    select distinct
        cluster_id,
        customer_id
    from {{ ref('int_identity__ids') }}
)

select
    records.source_name,
    records.source_record_type,
    records.source_record_id,
    records.recorded_at,
    people.customer_id
from {{ ref('int_customer_records__unioned') }} as records
left join {{ ref('int_identity__members') }} as members
    on
        records.source_name = members.source_name
        and records.source_record_type = members.source_record_type
        and records.source_record_id = members.source_record_id
left join people on members.cluster_id = people.cluster_id
