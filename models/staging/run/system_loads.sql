-- One row per system: when the newest of its rows was delivered; null where none says it.
{%- set loads = [] -%}
{%- for base in base_models() -%}
    {%- for table in base.tables -%}
        {%- do loads.append((base.system, table)) -%}
    {%- endfor -%}
{%- endfor %}
with

loads as (
    {%- for system, table in loads %}
    {{ 'union all' if not loop.first }}
    select
        '{{ system }}' as system,
        max({{ to_utc(loaded_at_of(system)) }}) as loaded_at
    from {{ source(system, table) }}
    where
        {{ loaded_in_time(loaded_at_of(system)) }}
        and year({{ to_utc(loaded_at_of(system)) }}) <= {{ threshold('latest_plausible_year') }}
    {%- endfor %}
)

select
    system,
    max(loaded_at) as newest_load_at
from loads
group by system
