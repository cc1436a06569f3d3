{{ config(materialized='view') }}
-- Grain: profile (EXTERNAL_ID) of a person who is or was in an audience: the whole list of audiences each time, an
-- empty one for who has left all. Columns are named as Braze Cloud Data Ingestion wants them. Only the person's main
-- profile is written to; other numbers that were found to be the same person are emptied. UPDATED_AT also moves when
-- numbers become, or cease to be, one person.
with

log as (
    select * from {{ ref('audience_log') }}
),

redirects as (
    select * from {{ ref('customer_id_redirects') }}
),

members as (
    select
        customer_id,
        {{ join_texts(json_string('audience'), ', ', 'audience') }} as audience_names,
        {{ join_texts(json_object({
            'audience': json_string('audience'),
            'channel': json_string('channel'),
            'reason': json_string('reason'),
            'reason_detail': 'reason_detail',
            'offer': json_string('offer'),
            'send_not_before': json_time('send_not_before'),
            'expires_at': json_time('expires_at'),
        }), ', ', 'audience') }} as messages
    from {{ ref('audience_members') }}
    where channel <> 'helpdesk'
    group by customer_id
),

external_ids as (
    {{ external_ids() }}
),

logged as (
    select
        coalesce(redirects.customer_id, log.customer_id) as customer_id,
        max(log.changed_at) as changed_at
    from log
    left join redirects on log.customer_id = redirects.old_customer_id
    group by coalesce(redirects.customer_id, log.customer_id)
),

regrouped as (
    {{ regroupings() }}
),

newest as (
    select
        logged.customer_id,
        greatest(logged.changed_at, coalesce(regrouped.changed_at, logged.changed_at)) as changed_at
    from logged
    left join regrouped on logged.customer_id = regrouped.customer_id
)

select
    newest.changed_at as UPDATED_AT,  -- noqa: CP02
    external_ids.external_id as EXTERNAL_ID,  -- noqa: AL09, CP02
    '{"perennial_audiences": [' || coalesce(members.audience_names, '') || '], "perennial_messages": ['
    || coalesce(members.messages, '') || ']}' as PAYLOAD  -- noqa: CP02
from newest
inner join external_ids on newest.customer_id = external_ids.customer_id
left join members on newest.customer_id = members.customer_id and external_ids.is_main
