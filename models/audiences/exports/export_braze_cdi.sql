-- Grain: profile (EXTERNAL_ID) of a person who is or was in an audience: the whole list of audiences each time, an
-- empty one for who has left all. Columns are named as Braze Cloud Data Ingestion wants them. Only the person's main
-- profile is written to; other numbers that were found to be the same person are emptied. UPDATED_AT also moves when
-- numbers become, or cease to be, one person, and whoever that ever happened to has a row: it may have to be emptied.
with

log as (
    select * from {{ ref('audience_log') }}
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
            'offer_terms': 'offer_terms',
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

touched as (
    select
        customer_id,
        changed_at
    from log
    union all
    {{ regroupings() | indent(4) }}
),

newest as (
    select
        customer_id,
        max(changed_at) as changed_at
    from touched
    group by customer_id
)

select
    newest.changed_at as UPDATED_AT,  -- noqa: CP02
    external_ids.external_id as EXTERNAL_ID,  -- noqa: AL09, CP02
    '{"perennial_audiences": [' || coalesce(members.audience_names, '') || '], "perennial_messages": ['
    || coalesce(members.messages, '') || ']}' as PAYLOAD  -- noqa: CP02
from newest
inner join external_ids on newest.customer_id = external_ids.customer_id
left join members on newest.customer_id = members.customer_id and external_ids.is_main
