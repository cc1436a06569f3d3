-- One row per raw table: what quality.row_accounting must explain.
{%- for system, tables in base_models().items() -%}
{%- set outer = loop -%}
{%- for table in tables %}
{{ 'union all' if not (outer.first and loop.first) }}
select
    '{{ system }}' as system,
    '{{ table }}' as table_name,
    count(*) as raw_rows
from {{ source(system, table) }}
where {{ loaded_in_time('_loaded_at' if system == 'pos' else '_airbyte_extracted_at') }}
{%- endfor -%}
{%- endfor %}
