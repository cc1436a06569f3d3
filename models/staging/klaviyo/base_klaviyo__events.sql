-- One row per raw row of klaviyo.events, JSON parsed once.
{%- set attribute_shape = {'event_properties': {
    '$message': 'string', '$flow': 'string', '$_cohort$message_send_cohort': 'string', 'Campaign Name': 'string',
    'Message Name': 'string', 'machine_open': 'string', 'Machine Open': 'string', 'Apple Privacy Open': 'string',
    'Bot Click': 'string', 'Bounce Type': 'string',
}} -%}
{%- set relationship_shape = {
    'profile': {'data': {'id': 'string'}}, 'metric': {'data': {'id': 'string', 'name': 'string'}},
} -%}
{%- set machine_flags = ['machine_open', 'Machine Open', 'Apple Privacy Open'] %}
with

raw_events as (
    select * from {{ source('klaviyo', 'events') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

parsed as (
    select
        raw_events.*,
        {{ parse_json('raw_events.attributes', attribute_shape) }} as attributes_object,
        {{ parse_json('raw_events.relationships', relationship_shape) }} as relationships_object
    from raw_events
),

typed as (
    select
        {{ clean_text('parsed.id') }} as event_id,
        {{ to_utc('parsed.datetime') }} as occurred_at,
        {{ clean_text('parsed.relationships_object.profile.data.id') }} as profile_id,
        {{ clean_text('parsed.relationships_object.metric.data.id') }} as metric_id,
        {{ clean_text('parsed.relationships_object.metric.data.name') }} as metric_name,
        parsed.attributes_object,
        parsed.attributes as attributes_text,
        {{ to_utc('parsed._airbyte_extracted_at') }} as loaded_at,
        {{ refuse('parsed', {
            'id is missing': clean_text('parsed.id') ~ ' is null',
            'datetime is not a time': to_utc('parsed.datetime') ~ ' is null',
            'datetime lies before the earliest plausible year':
                'year(' ~ to_utc('parsed.datetime') ~ ') < ' ~ threshold('earliest_plausible_year'),
            'datetime lies in the future': in_the_future(
                to_utc('parsed.datetime'), to_utc('parsed._airbyte_extracted_at')
            ),
            'attributes is not an object': 'parsed.attributes_object is null',
            'relationships names no profile and metric':
                'parsed.relationships_object.profile.data.id is null or parsed.relationships_object.metric.data.id is null',
        }) }}
    from parsed
    cross join point_in_time
)

select
    event_id,
    occurred_at,
    profile_id,
    metric_id,
    metric_name,
    {{ clean_text('attributes_object.event_properties.' ~ adapter.quote('$message')) }} as message_id,
    {{ clean_text('attributes_object.event_properties.' ~ adapter.quote('$flow')) }} as flow_id,
    {{ clean_text('attributes_object.event_properties.' ~ adapter.quote('$_cohort$message_send_cohort')) }}
        as send_cohort,
    coalesce(
        {{ clean_text('attributes_object.event_properties.' ~ adapter.quote('Campaign Name')) }},
        {{ clean_text('attributes_object.event_properties.' ~ adapter.quote('Message Name')) }}
    ) as message_name,
    {% for flag in machine_flags -%}
    {{ to_flag('attributes_object.event_properties.' ~ adapter.quote(flag)) }} {{ 'or ' if not loop.last }}
    {%- endfor %} as is_machine_open,
    {{ to_flag('attributes_object.event_properties.' ~ adapter.quote('Bot Click')) }} as is_bot_click,
    lower({{ clean_text('attributes_object.event_properties.' ~ adapter.quote('Bounce Type')) }}) as bounce_type,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['event_id'],
        content=['occurred_at', 'profile_id', 'metric_id', 'metric_name', 'attributes_text']
    ) }}
from typed
