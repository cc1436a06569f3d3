-- One row per raw row of the tables that say who converted, who is in a control group and who entered a journey.
with

raw_events as (
    {{ braze_rows('campaign_events') | indent(4) }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        raw_events.*,
        {{ refuse('raw_events', braze_reasons('raw_events')) }}
    from raw_events
    cross join point_in_time
)

select
    raw_table,
    id as event_id,
    case when event = 'entered' and {{ to_flag('in_control_group') }} then 'in_control' else event end as event,
    user_id,
    external_user_id,
    occurred_at,
    timezone as time_zone,
    app_group_id as workspace_id,
    coalesce(campaign_id, canvas_id) as campaign_id,
    coalesce(campaign_name, canvas_name) as campaign,
    dispatch_id,
    conversion_behavior,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['raw_table', 'id'],
        content=['time', 'user_id', 'external_user_id', 'timezone', 'app_group_id', 'campaign_id', 'campaign_name', 'canvas_id',
            'canvas_name', 'dispatch_id', 'conversion_behavior', 'in_control_group']
    ) }}
from typed
