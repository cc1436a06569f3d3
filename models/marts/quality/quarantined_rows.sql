-- Grain: one raw row that was refused, copies counted. raw_row may hold personal data: it is for the people who
-- repair the source.
{%- for base in base_models() %}
{%- set table_name = "'" ~ base.tables[0] ~ "'" if base.tables | length == 1 else 'raw_table' %}
{{ 'union all' if not loop.first }}
select
    '{{ base.system }}' as system,
    {{ table_name }} as table_name,
    {{ hash_text("'" ~ base.system ~ ".' || " ~ table_name ~ " || '|' || raw_row") }} as record_key,
    quarantine_reason as reason,
    raw_row,
    count(*) as row_count
from {{ ref(base.model) }}
where row_status = 'quarantined'
group by {{ table_name ~ ', ' if base.tables | length > 1 }}quarantine_reason, raw_row
{%- endfor %}
