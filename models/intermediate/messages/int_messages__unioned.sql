-- One message of any system of which anything was known before the cut; what happened to it later is null.
{%- set times = ['sent_at', 'delivered_at', 'opened_at', 'machine_opened_at', 'clicked_at', 'bounced_at', 'failed_at',
    'unsubscribed_at', 'complained_at'] %}
with

messages as (
    {{ union_subject('messages', ['braze', 'klaviyo', 'yotpo', 'barilliance']) | indent(4) }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

seen as (
    select
        messages.message_id,
        messages.source_name,
        messages.source_record_type,
        messages.source_record_id,
        messages.channel,
        messages.campaign_id,
        messages.campaign,
        point_in_time.reporting_timezone,
        {%- for time in times %}
        case when messages.{{ time }} < point_in_time.cut_at then messages.{{ time }} end as {{ time }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from messages
    cross join point_in_time
),

dated as (
    select
        *,
        coalesce(
            sent_at, delivered_at, least(
                {%- for time in times[2:] %}
                coalesce({{ time }}, timestamp '9999-12-31 00:00:00'){{ ',' if not loop.last }}
                {%- endfor %}
            )
        ) as messaged_at
    from seen
)

select
    message_id,
    source_name,
    source_record_type,
    source_record_id,
    channel,
    campaign_id,
    campaign,
    messaged_at,
    cast({{ utc_to_local('messaged_at', 'reporting_timezone') }} as date) as messaged_on,
    {%- for time in times %}
    {{ time }}{{ ',' if not loop.last }}
    {%- endfor %}
from dated
where messaged_at < timestamp '9999-12-31 00:00:00'
