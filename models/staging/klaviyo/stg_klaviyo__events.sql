-- One event with what its metric means by seeds/klaviyo_metrics.csv; the names of metrics differ in case and over
-- time.
with

events as (
    select * from {{ ref('base_klaviyo__events') }}
    where row_status = 'staged'
),

names as (
    select * from {{ ref('base_klaviyo__names') }}
    where row_status = 'staged'
),

metrics as (
    select * from {{ ref('klaviyo_metrics') }}
),

named as (
    select
        events.*,
        lower(coalesce(events.metric_name, names.name, 'metric ' || events.metric_id)) as metric
    from events
    left join names on names.raw_table = 'metrics' and events.metric_id = names.named_id
)

select
    named.event_id,
    named.occurred_at,
    named.profile_id,
    named.metric,
    metrics.metric is not null as is_metric_known,
    metrics.channel,
    case
        when metrics.message_event = 'bounced' and named.bounce_type = 'soft' then 'failed'
        else metrics.message_event
    end as message_event,
    metrics.consent_state,
    named.message_id,
    named.flow_id,
    named.send_cohort,
    named.message_name,
    named.is_machine_open,
    named.is_bot_click
from named
left join metrics on named.metric = metrics.metric
