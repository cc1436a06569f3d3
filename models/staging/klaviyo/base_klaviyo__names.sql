-- One row per raw row of klaviyo.metrics, campaigns and flows, which are read for what they call a thing.
{%- set tables = ['metrics', 'campaigns', 'flows'] -%}
{%- set shape = {'name': 'string', 'updated': 'string', 'updated_at': 'string'} %}
with

raw_names as (
    {%- for table in tables %}
    {{ 'union all' if not loop.first }}
    select
        '{{ table }}' as raw_table,
        {{ clean_text('id') }} as id,
        cast(attributes as string) as attributes,
        {{ to_utc('_airbyte_extracted_at') }} as loaded_at
    from {{ source('klaviyo', table) }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
    {%- endfor %}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

parsed as (
    select
        raw_names.*,
        {{ parse_json('raw_names.attributes', shape) }} as named
    from raw_names
),

typed as (
    select
        parsed.raw_table,
        parsed.id as named_id,
        {{ clean_text('parsed.named.name') }} as name,
        coalesce({{ to_utc('parsed.named.updated') }}, {{ to_utc('parsed.named.updated_at') }}) as updated_at,
        parsed.loaded_at,
        point_in_time.cut_at,
        {{ refuse('parsed', {
            'id is missing': 'parsed.id is null',
            'attributes is not an object': 'parsed.named is null',
        }) }}
    from parsed
    cross join point_in_time
)

select
    raw_table,
    named_id,
    name,
    updated_at,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(key=['raw_table', 'named_id'], changed_at='updated_at', content=['name']) }}
from typed
