-- One row per raw row of the tables of message events, see braze_tables(). An inbound SMS may have no user.
with

raw_events as (
    {{ braze_rows('message_events') | indent(4) }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        raw_events.*,
        {{ refuse('raw_events', braze_reasons('raw_events', "raw_events.event <> 'answered'")) }}
    from raw_events
    cross join point_in_time
)

select
    raw_table,
    id as event_id,
    channel,
    event,
    user_id,
    external_user_id,
    occurred_at,
    timezone as time_zone,
    app_group_id as workspace_id,
    campaign_id,
    campaign_name,
    canvas_id,
    canvas_name,
    canvas_step_name,
    dispatch_id,
    email_address as email,
    coalesce(to_phone_number, user_phone_number) as phone,
    -- The text 'true' or nothing: a machine that is not named as one is not guessed.
    coalesce(lower(machine_open) = 'true', false) as is_machine_open,
    coalesce(lower(is_suspected_bot_click) in ('true', '1'), false) as is_bot_click,
    lower(action) as action,
    message_body,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['raw_table', 'id'],
        content=['time', 'user_id', 'external_user_id', 'timezone', 'app_group_id', 'campaign_id', 'campaign_name', 'canvas_id',
            'canvas_name', 'canvas_step_name', 'dispatch_id', 'email_address', 'to_phone_number',
            'user_phone_number', 'machine_open', 'is_suspected_bot_click', 'action', 'message_body']
    ) }}
from typed
