-- Grain: one raw table. raw_rows are counted at the source, the rest in the base models, so a row that a model loses
-- shows.
with

raw_counts as (
    select * from {{ ref('raw_row_counts') }}
),

status_counts as (
    {%- for base in base_models() %}
    {%- set is_many = base.tables | length > 1 %}
    {{ 'union all' if not loop.first }}
    select
        '{{ base.system }}' as system,
        {{ 'raw_table' if is_many else "'" ~ base.tables[0] ~ "'" }} as table_name,
        row_status,
        count(*) as row_count
    from {{ ref(base.model) }}
    group by {{ 'raw_table, ' if is_many }}row_status
    {%- endfor %}
)

select
    raw_counts.system,
    raw_counts.table_name,
    raw_counts.raw_rows,
    cast(coalesce(sum(status_counts.row_count) filter (where row_status = 'staged'), 0) as bigint) as staged_rows,
    cast(coalesce(sum(status_counts.row_count) filter (where row_status = 'duplicate'), 0) as bigint) as duplicate_rows,
    cast(coalesce(sum(status_counts.row_count) filter (where row_status = 'tombstone'), 0) as bigint) as tombstone_rows,
    cast(coalesce(sum(status_counts.row_count) filter (where row_status = 'quarantined'), 0) as bigint)
        as quarantined_rows
from raw_counts
left join status_counts
    on raw_counts.system = status_counts.system and raw_counts.table_name = status_counts.table_name
group by raw_counts.system, raw_counts.table_name, raw_counts.raw_rows
