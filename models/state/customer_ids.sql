{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}
-- One anchor of one customer id: a record by which the person is found again. An id is made of its first anchor, the
-- earliest record of the person when the id was issued; further anchors are the earliest records of other systems, used
-- only when those before them are gone. Rows are never changed. A cluster without any id gets one.
with

members as (
    select * from {{ ref('int_identity__members') }}
),

{% if is_incremental() -%}
held as (
    {{ held_ids(this, 'members') | indent(4) }}
),
{%- else -%}
held as (
    select
        cast(null as string) as customer_id,
        cast(null as timestamp) as issued_at,
        cast(null as bigint) as cluster_id,
        0 as anchor_count
    where false
),
{%- endif %}

chosen as (
    select * from held
    qualify row_number() over (partition by cluster_id order by issued_at asc nulls last, customer_id asc) = 1
),

earliest_of_system as (
    select * from members
    qualify row_number() over (
        partition by cluster_id, source_name
        order by recorded_at asc nulls last, source_record_type asc, source_record_id asc
    ) = 1
),

ranked as (
    select
        *,
        row_number() over (
            partition by cluster_id
            order by recorded_at asc nulls last, source_name asc, source_record_type asc, source_record_id asc
        ) as position
    from earliest_of_system
),

first_records as (
    select
        cluster_id,
        recorded_at as issued_at,
        {{ customer_id_from("source_name || ':' || source_record_type || ':' || source_record_id") }} as customer_id
    from ranked
    where position = 1
),

wanted as (
    select
        coalesce(chosen.customer_id, first_records.customer_id) as customer_id,
        coalesce(chosen.issued_at, first_records.issued_at) as issued_at,
        ranked.source_name,
        ranked.source_record_type,
        ranked.source_record_id,
        coalesce(chosen.anchor_count, 0) as anchor_count,
        ranked.position
    from ranked
    inner join first_records on ranked.cluster_id = first_records.cluster_id
    left join chosen on ranked.cluster_id = chosen.cluster_id
),

added as (
    select wanted.*
    from wanted
    {% if is_incremental() -%}
    left join {{ this }} as anchors
        on wanted.customer_id = anchors.customer_id and wanted.source_name = anchors.source_name
    where anchors.customer_id is null
    {%- endif %}
),

numbered as (
    select
        customer_id,
        anchor_count + row_number() over (partition by customer_id order by position) as anchor_order,
        issued_at,
        source_name,
        source_record_type,
        source_record_id
    from added
)

select
    customer_id,
    cast(anchor_order as int) as anchor_order,
    issued_at,
    source_name,
    source_record_type,
    source_record_id
from numbered
where anchor_order <= {{ threshold('anchors_per_customer') }}
