-- One row per raw table: what quality.row_accounting must explain.
{%- set tables = [] -%}
{%- for base in base_models() -%}
    {%- for table in base.tables -%}
        {%- do tables.append((base.system, table)) -%}
    {%- endfor -%}
{%- endfor -%}
{%- for system, table in tables %}
{{ 'union all' if not loop.first }}
select
    '{{ system }}' as system,
    '{{ table }}' as table_name,
    count(*) as raw_rows
from {{ source(system, table) }}
where {{ loaded_in_time(loaded_at_of(system)) }}
{%- endfor %}
