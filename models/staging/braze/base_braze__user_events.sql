-- One row per raw row of the tables of merged and of deleted profiles.
with

raw_events as (
    {{ braze_rows('user_events') | indent(4) }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        raw_events.*,
        {%- set reasons = braze_reasons('raw_events') %}
        {%- do reasons.update({
            'orphaned_by_id is missing': "raw_events.event = 'merged' and raw_events.orphaned_by_id is null",
        }) %}
        {{ refuse('raw_events', reasons) }}
    from raw_events
    cross join point_in_time
)

select
    raw_table,
    id as event_id,
    event,
    user_id,
    external_user_id,
    orphaned_by_id as surviving_user_id,
    occurred_at,
    timezone as time_zone,
    app_group_id as workspace_id,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['raw_table', 'id'],
        content=['time', 'user_id', 'external_user_id', 'orphaned_by_id', 'timezone', 'app_group_id']
    ) }}
from typed
