-- One record with the person behind it; customer_id is null where nothing usable names one (a walk-in).
with

ids as (
    select * from {{ ref('int_identity__ids') }}
),

people as (
    select distinct
        cluster_id,
        customer_id
    from ids
    where cluster_id is not null
),

left_alone as (
    select distinct
        source_name,
        source_record_type,
        source_record_id,
        customer_id
    from ids
    where cluster_id is null
)

select
    records.source_name,
    records.source_record_type,
    records.source_record_id,
    records.recorded_at,
    coalesce(people.customer_id, left_alone.customer_id) as customer_id
from {{ ref('int_customer_records__unioned') }} as records
left join {{ ref('int_identity__members') }} as members
    on
        records.source_name = members.source_name
        and records.source_record_type = members.source_record_type
        and records.source_record_id = members.source_record_id
left join people on members.cluster_id = people.cluster_id
left join left_alone
    on
        records.source_name = left_alone.source_name
        and records.source_record_type = left_alone.source_record_type
        and records.source_record_id = left_alone.source_record_id
