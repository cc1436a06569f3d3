{{ config(
    materialized='incremental', incremental_strategy='append', on_schema_change='append_new_columns', full_refresh=false
) }}
-- One change of what an issued customer id stands for, written by the build that first saw it. Rows are never changed:
-- the newest row of an id is how it stands. A split repeats the link of the merge that it ends.
with

ids as (
    select * from {{ ref('int_identity__ids') }}
),

merged as (
    select * from {{ ref('int_identity__merges') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

newest as (
    select * from {{ source('state', 'customer_id_changes') }}
    qualify row_number() over (partition by old_customer_id order by change_number desc) = 1
),

changed as (
    select
        ids.issued_customer_id as old_customer_id,
        cast(coalesce(newest.change_number, 0) + 1 as int) as change_number,
        ids.customer_id,
        case when ids.customer_id = ids.issued_customer_id then 'split' else 'merge' end as reason,
        newest.identifier_type,
        newest.identifier_value,
        newest.source_name,
        newest.source_record_type,
        newest.source_record_id
    from ids
    left join newest on ids.issued_customer_id = newest.old_customer_id
    where ids.customer_id <> coalesce(newest.customer_id, ids.issued_customer_id)
),

links as (
    {{ links('merged') | indent(4) }}
),

joined as (
    select
        merged.old_customer_id,
        merged.customer_id,
        links.*
    from merged
    inner join links on merged.edge_rank = links.edge_rank
)

select
    changed.old_customer_id,
    changed.change_number,
    changed.customer_id,
    changed.reason,
    point_in_time.cut_at as changed_at,
    {%- for column in link_columns() %}
    case when changed.reason = 'split' then changed.{{ column }} else joined.{{ column }} end as {{ column }}
    {{- ',' if not loop.last }}
    {%- endfor %}
from changed
cross join point_in_time
left join joined on changed.old_customer_id = joined.old_customer_id and changed.customer_id = joined.customer_id
