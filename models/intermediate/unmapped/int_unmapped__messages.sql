-- One value of messages that no map of seeds/ knows. A campaign without a class counts as promotional, a metric or
-- state without a meaning as nothing.
select
    'klaviyo' as system,
    'metric' as field,
    metric as value,
    'klaviyo_metrics' as seed_name,
    count(*) as row_count
from {{ ref('stg_klaviyo__events') }}
where not is_metric_known
group by metric
union all
select
    source_name as system,
    'campaign' as field,
    campaign as value,
    'message_classes' as seed_name,
    message_count as row_count
from {{ ref('int_messages__campaigns') }}
where not is_mapped
union all
select
    'barilliance' as system,
    'email_type' as field,
    cast(emails.email_type as string) as value,
    'barilliance_email_types' as seed_name,
    count(*) as row_count
from {{ ref('stg_barilliance__sent_emails') }} as emails
left join {{ ref('barilliance_email_types') }} as kinds on emails.email_kind = kinds.email_kind
where kinds.email_kind is null and emails.email_type is not null
group by emails.email_type
