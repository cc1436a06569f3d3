-- Grain: one raw table. raw_rows are counted at the source, the rest in the base models, so a row that a model loses shows.
with

raw_counts as (
    select * from {{ ref('raw_row_counts') }}
),

status_counts as (
    {%- for system, tables in base_models().items() -%}
    {%- set outer = loop -%}
    {%- for table in tables %}
    {{ 'union all' if not (outer.first and loop.first) }}
    select
        '{{ system }}' as system,
        '{{ table }}' as table_name,
        row_status,
        count(*) as row_count
    from {{ ref('base_' ~ system ~ '__' ~ table) }}
    group by row_status
    {%- endfor -%}
    {%- endfor %}
)

select
    raw_counts.system,
    raw_counts.table_name,
    raw_counts.raw_rows,
    cast(coalesce(sum(status_counts.row_count) filter (where row_status = 'staged'), 0) as bigint) as staged_rows,
    cast(coalesce(sum(status_counts.row_count) filter (where row_status = 'duplicate'), 0) as bigint) as duplicate_rows,
    cast(coalesce(sum(status_counts.row_count) filter (where row_status = 'tombstone'), 0) as bigint) as tombstone_rows,
    cast(coalesce(sum(status_counts.row_count) filter (where row_status = 'quarantined'), 0) as bigint) as quarantined_rows
from raw_counts
left join status_counts
    on raw_counts.system = status_counts.system and raw_counts.table_name = status_counts.table_name
group by raw_counts.system, raw_counts.table_name, raw_counts.raw_rows
