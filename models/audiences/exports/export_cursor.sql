-- Grain: audience and person who is or was in it. For tools that read what is new since updated_at. All changes of a
-- build bear one updated_at, so read from the last one on, itself included, and merge by audience_member_id: a build of
-- the same day may add to it. No address stands here, since a new address would not move updated_at.
with

log as (
    select * from {{ ref('audience_log') }}
    qualify row_number() over (partition by audience, customer_id order by change_number desc) = 1
),

members as (
    select * from {{ ref('audience_members') }}
),

external_ids as (
    {{ external_ids() }}
),

-- With the people the number may change.
regrouped as (
    {{ regroupings() }}
)

select
    {{ hash_text("log.audience || '|' || log.customer_id") }} as audience_member_id,
    log.audience,
    log.customer_id,
    external_ids.external_id,
    members.customer_id is not null as is_member,
    greatest(log.changed_at, coalesce(regrouped.changed_at, log.changed_at)) as updated_at,
    {{ hash_text("concat_ws('|', log.audience, log.customer_id, cast(log.change_number as string))") }} as change_id,
    case when log.change = 'remove' then log.reason end as left_because,
    members.channel,
    members.reason,
    members.reason_detail,
    members.offer,
    members.offer_terms,
    members.send_not_before,
    members.expires_at
from log
left join members on log.audience = members.audience and log.customer_id = members.customer_id
left join regrouped on log.customer_id = regrouped.customer_id
left join external_ids on log.customer_id = external_ids.customer_id and external_ids.is_main
