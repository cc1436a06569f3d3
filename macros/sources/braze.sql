{#
    Braze writes one table per kind of event. They differ in a few columns, so that one list stands for all of them: per
    base model, its raw tables; per table what an event of it means and which columns it has beside those of every event.
#}
{% macro braze_tables(group) %}
    {%- set email = ['campaign_id', 'campaign_name', 'canvas_id', 'canvas_name', 'canvas_step_name', 'dispatch_id',
        'email_address'] -%}
    {%- set push = email[:-1] -%}
    {%- set phone = push + ['to_phone_number'] -%}
    {%- set link = email[:-2] + ['user_phone_number'] -%}
    {%- do return({
        'message_events': {
            'users_messages_email_send': ['email', 'sent', email],
            'users_messages_email_delivery': ['email', 'delivered', email],
            'users_messages_email_open': ['email', 'opened', email + ['machine_open']],
            'users_messages_email_click': ['email', 'clicked', email + ['is_suspected_bot_click']],
            'users_messages_email_bounce': ['email', 'bounced', email],
            'users_messages_email_softbounce': ['email', 'failed', email],
            'users_messages_email_markasspam': ['email', 'complained', email],
            'users_messages_email_unsubscribe': ['email', 'unsubscribed', email],
            'users_messages_sms_send': ['sms', 'sent', phone],
            'users_messages_sms_carriersend': ['sms', 'passed_on', phone],
            'users_messages_sms_delivery': ['sms', 'delivered', phone],
            'users_messages_sms_deliveryfailure': ['sms', 'failed', phone],
            'users_messages_sms_rejection': ['sms', 'failed', phone],
            'users_messages_sms_shortlinkclick': ['sms', 'clicked', link + ['is_suspected_bot_click']],
            'users_messages_sms_inboundreceive': ['sms', 'answered', ['user_phone_number', 'action', 'message_body']],
            'users_messages_pushnotification_send': ['push', 'sent', push],
            'users_messages_pushnotification_open': ['push', 'opened', push],
            'users_messages_pushnotification_bounce': ['push', 'bounced', push],
            'users_messages_whatsapp_send': ['whatsapp', 'sent', phone],
            'users_messages_whatsapp_delivery': ['whatsapp', 'delivered', phone],
            'users_messages_whatsapp_read': ['whatsapp', 'opened', phone],
            'users_messages_whatsapp_click': ['whatsapp', 'clicked', link],
        },
        'subscription_changes': {
            'users_behaviors_subscription_globalstatechange': [
                none, 'global', ['subscription_status', 'channel', 'state_change_source', 'email_address']
            ],
            'users_behaviors_subscriptiongroup_statechange': [
                none, 'group',
                ['subscription_status', 'channel', 'state_change_source', 'email_address', 'phone_number',
                'subscription_group_id']
            ],
        },
        'campaign_events': {
            'users_campaigns_conversion': [
                none, 'converted', ['campaign_id', 'campaign_name', 'dispatch_id', 'conversion_behavior']
            ],
            'users_campaigns_enrollincontrol': [none, 'in_control', ['campaign_id', 'campaign_name']],
            'users_canvas_entry': [none, 'entered', ['canvas_id', 'canvas_name', 'in_control_group']],
        },
        'user_events': {
            'users_userorphan': [none, 'merged', ['orphaned_by_id']],
            'users_userdeleterequest': [none, 'deleted', []],
        },
    }[group]) -%}
{% endmacro %}


{# The rows of a group's raw tables under one set of columns, everything as text but the time of loading. #}
{% macro braze_rows(group) -%}
    {%- set tables = perennial.braze_tables(group) -%}
    {%- set columns = ['id', 'user_id', 'external_user_id', 'time', 'timezone', 'app_group_id'] -%}
    {%- set more = [] -%}
    {%- for channel, event, own in tables.values() -%}
        {%- do more.extend(own | reject('in', more)) -%}
    {%- endfor -%}
    {%- for table, (channel, event, own) in tables.items() %}
{{ 'union all' if not loop.first }}
select
    '{{ table }}' as raw_table,
    {%- if channel %}
    '{{ channel }}' as channel,
    {%- endif %}
    '{{ event }}' as event,
    {%- for column in columns + more %}
    {{ clean_text(column) if column in columns + own else 'cast(null as string)' }} as {{ column }},
    {%- endfor %}
    {{ perennial.braze_time('time') }} as occurred_at,
    {{ to_utc('_loaded_at') }} as loaded_at
from {{ source('braze', table) }}
where {{ loaded_in_time('_loaded_at') }}
    {%- endfor %}
{%- endmacro %}


{# When an event happened: UNIX seconds, of a year that has four digits. #}
{% macro braze_time(column) -%}
    {%- set seconds = '(' ~ whole_number(column) ~ ')' -%}
    case when {{ seconds }} between 0 and 253402300799 then {{ epoch_to_utc(seconds) }} end
{%- endmacro %}


{# Why an event of any of these tables is refused. #}
{% macro braze_reasons(alias, needs_user='true') %}
    {%- set occurred_at = alias ~ '.occurred_at' -%}
    {%- do return({
        'id is missing': alias ~ '.id is null',
        'user_id is missing': alias ~ '.user_id is null and ' ~ needs_user,
        'time is not UNIX seconds': occurred_at ~ ' is null',
        'time lies before the earliest plausible year':
            'year(' ~ occurred_at ~ ') < ' ~ threshold('earliest_plausible_year'),
        'time lies in the future': in_the_future(occurred_at, alias ~ '.loaded_at'),
    }) -%}
{% endmacro %}
