select
    events.raw_table,
    events.event_id,
    events.event,
    events.user_id,
    events.external_user_id,
    events.surviving_user_id,
    events.occurred_at,
    events.time_zone
from {{ ref('base_braze__user_events') }} as events
anti join {{ ref('test_workspaces') }} as test_workspaces
    on test_workspaces.source_name = 'braze' and events.workspace_id = test_workspaces.workspace_id
where events.row_status = 'staged'
