select
    events.raw_table,
    events.event_id,
    events.channel,
    events.event,
    events.user_id,
    events.external_user_id,
    events.occurred_at,
    events.time_zone,
    events.campaign_id,
    events.campaign_name,
    events.canvas_id,
    events.canvas_name,
    events.canvas_step_name,
    events.dispatch_id,
    events.email,
    events.phone,
    events.is_machine_open,
    events.is_bot_click,
    events.action,
    events.message_body
from {{ ref('base_braze__message_events') }} as events
anti join {{ ref('test_workspaces') }} as test_workspaces
    on test_workspaces.source_name = 'braze' and events.workspace_id = test_workspaces.workspace_id
where events.row_status = 'staged'
