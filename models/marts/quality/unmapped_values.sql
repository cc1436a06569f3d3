-- Grain: one value that a tool uses and no map of seeds/ knows. Nothing was refused; these rows only went
-- uninterpreted. Values are labels and reasons as people typed them.
{%- for area in ['service', 'messages', 'orders'] %}
select
    system,
    field,
    value,
    seed_name,
    row_count
from {{ ref('int_unmapped__' ~ area) }}
union all
{%- endfor %}
select
    source_name as system,
    'event' as field,
    coalesce(event_name, '-') as value,
    'web_event_names' as seed_name,
    count(*) as row_count
from {{ ref('int_web_events__unioned') }}
where not is_known_event
group by source_name, coalesce(event_name, '-')
union all
select
    source_name as system,
    'medium / source' as field,
    coalesce(nullif(concat_ws(' / ', campaign_medium, campaign_source), ''), '-') as value,
    'web_channels' as seed_name,
    count(*) as row_count
from {{ ref('web_sessions') }}
where channel = 'other'
group by source_name, coalesce(nullif(concat_ws(' / ', campaign_medium, campaign_source), ''), '-')
