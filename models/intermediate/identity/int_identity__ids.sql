-- One customer id that was ever issued and the one that stands for it now: of several in a cluster the one whose first
-- record is the earliest. An id whose records can no longer be matched, since their address is now known to be
-- everybody's, stays with the first of them alone. source_record_id is the anchor.
with

records as (
    select * from {{ ref('int_customer_records__unioned') }}
),

members as (
    select * from {{ ref('int_identity__members') }}
),

placed as (
    select
        records.source_name,
        records.source_record_type,
        records.source_record_id,
        members.cluster_id
    from records
    left join members
        on
            records.source_name = members.source_name
            and records.source_record_type = members.source_record_type
            and records.source_record_id = members.source_record_id
),

held as (
    {{ held_ids(ref('customer_ids'), 'placed') | indent(4) }}
)

select
    customer_id as issued_customer_id,
    source_name,
    source_record_type,
    source_record_id,
    cluster_id,
    first_value(customer_id) over (
        partition by
            cluster_id,
            case when cluster_id is null then source_name || ':' || source_record_type || ':' || source_record_id end
        order by issued_at asc nulls last, customer_id asc
    ) as customer_id
from held
