-- One row per raw row of the two tables of subscription states. They fire even when nothing changed.
with

raw_events as (
    {{ braze_rows('subscription_changes') | indent(4) }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        raw_events.*,
        {%- set reasons = braze_reasons('raw_events') %}
        {%- do reasons.update({
            'subscription_status is missing': 'raw_events.subscription_status is null',
            'subscription_group_id is missing':
                "raw_events.event = 'group' and raw_events.subscription_group_id is null",
        }) %}
        {{ refuse('raw_events', reasons) }}
    from raw_events
    cross join point_in_time
)

select
    raw_table,
    id as event_id,
    event as scope,
    user_id,
    external_user_id,
    occurred_at,
    timezone as time_zone,
    app_group_id as workspace_id,
    replace(replace(replace(lower(subscription_status), '-', ''), '_', ''), ' ', '') as subscription_status,
    -- Told by the row, by the address that it names, or by other rows of its group; else unknown.
    coalesce(
        lower(channel),
        case
            when phone_number is not null then 'sms'
            when email_address is not null or event = 'global' then 'email'
        end,
        max(lower(channel)) over (partition by subscription_group_id)
    ) as channel,
    lower(state_change_source) as state_change_source,
    subscription_group_id,
    email_address as email,
    phone_number as phone,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['raw_table', 'id'],
        content=['time', 'user_id', 'external_user_id', 'timezone', 'app_group_id', 'subscription_status', 'channel',
            'state_change_source', 'subscription_group_id', 'email_address', 'phone_number']
    ) }}
from typed
