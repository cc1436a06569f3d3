select
    events.raw_table,
    events.event_id,
    events.scope,
    events.user_id,
    events.external_user_id,
    events.occurred_at,
    events.time_zone,
    events.subscription_status,
    events.channel,
    events.state_change_source,
    events.subscription_group_id,
    events.email,
    events.phone
from {{ ref('base_braze__subscription_changes') }} as events
anti join {{ ref('test_workspaces') }} as test_workspaces
    on test_workspaces.source_name = 'braze' and events.workspace_id = test_workspaces.workspace_id
where events.row_status = 'staged'
