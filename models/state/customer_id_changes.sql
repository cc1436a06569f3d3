{{ config(materialized='incremental', incremental_strategy='append', full_refresh=false) }}
-- One change of what an issued customer id stands for, written by the build that first saw it. Rows are never changed:
-- the newest row of an id is how it stands.
with

ids as (
    select * from {{ ref('int_identity__ids') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

{% if is_incremental() -%}
newest as (
    select
        old_customer_id,
        max_by(customer_id, change_number) as customer_id,
        max(change_number) as change_number
    from {{ this }}
    group by old_customer_id
),
{%- else -%}
newest as (
    select
        cast(null as string) as old_customer_id,
        cast(null as string) as customer_id,
        0 as change_number
    where false
),
{%- endif %}

compared as (
    select
        ids.issued_customer_id as old_customer_id,
        ids.customer_id,
        coalesce(newest.customer_id, ids.issued_customer_id) as customer_id_before,
        coalesce(newest.change_number, 0) as change_number
    from ids
    left join newest on ids.issued_customer_id = newest.old_customer_id
)

select
    compared.old_customer_id,
    cast(compared.change_number + 1 as int) as change_number,
    compared.customer_id,
    case when compared.customer_id = compared.old_customer_id then 'split' else 'merge' end as reason,
    point_in_time.cut_at as changed_at
from compared
cross join point_in_time
where compared.customer_id <> compared.customer_id_before
