-- Grain: one raw row that was refused. raw_row may hold personal data: it is for the people who repair the source.
{% for system, tables in base_models().items() -%}
{%- set outer = loop -%}
{%- for table in tables -%}
{{ 'union all' if not (outer.first and loop.first) }}
select
    '{{ system }}' as system,
    '{{ table }}' as table_name,
    {{ hash_text("'" ~ system ~ '.' ~ table ~ "|' || raw_row") }} as record_key,
    quarantine_reason as reason,
    raw_row,
    count(*) as row_count
from {{ ref('base_' ~ system ~ '__' ~ table) }}
where row_status = 'quarantined'
group by quarantine_reason, raw_row
{% endfor -%}
{%- endfor %}
