-- One row per raw row of recharge.events.
with

raw_events as (
    select * from {{ source('recharge', 'events') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        cast({{ whole_number('raw_events.id') }} as string) as event_id,
        lower({{ clean_text('raw_events.object_type') }}) as object_type,
        cast({{ whole_number('raw_events.object_id') }} as string) as object_id,
        lower({{ clean_text('raw_events.verb') }}) as verb,
        {{ to_utc_in('raw_events.created_at', 'point_in_time.reporting_timezone') }} as occurred_at,
        {{ to_utc('raw_events._airbyte_extracted_at') }} as loaded_at,
        {{ refuse('raw_events', {
            'id is missing or not a number': whole_number('raw_events.id') ~ ' is null',
            'object_id is missing or not a number': whole_number('raw_events.object_id') ~ ' is null',
            'verb is missing': clean_text('raw_events.verb') ~ ' is null',
            'created_at is not a time': to_utc('raw_events.created_at') ~ ' is null',
        }) }}
    from raw_events
    cross join point_in_time
)

select
    event_id,
    object_type,
    object_id,
    verb,
    occurred_at,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(key=['event_id'], content=['occurred_at', 'object_type', 'object_id', 'verb']) }}
from typed
