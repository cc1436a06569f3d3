{{ config(
    materialized='incremental', incremental_strategy='append', full_refresh=false, on_schema_change='append_new_columns'
) }}
-- One change of who is in an audience, as a build exported it: add, update (payload changed) or remove (reason says
-- why). Rows are never changed. Only who was added is removed; who asks to be forgotten is removed again, by every id
-- that was told. A build without news adds nothing; a build for an earlier as_of exports nothing. Trap: not every add
-- is a message; a member who goes on under another id is resumed and keeps entered_at.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

log as (
    select * from {{ source('state', 'audience_log') }}
),

erased as (
    select customer_id from {{ ref('customers') }}
    where is_erased
),

redirects as (
    select * from {{ ref('customer_id_redirects') }}
),

decisions as (
    select * from {{ ref('audience_decisions') }}
),

wanted as (
    select
        *,
        {{ hash_text(
            "concat_ws('|', subject, channel, coalesce(offer, '-'), reason, reason_detail, cast(send_not_before as string),"
            ~ " cast(expires_at as string), audience_version)"
        ) }} as payload_hash
    from decisions
    where outcome = 'exported'
),

newest as (
    select * from log
    qualify row_number() over (partition by audience, customer_id order by change_number desc) = 1
),

compared as (
    select
        coalesce(wanted.audience, newest.audience) as audience,
        coalesce(wanted.customer_id, newest.customer_id) as customer_id,
        coalesce(newest.change_number, 0) + 1 as change_number,
        case
            when wanted.audience is null then 'remove'
            when coalesce(newest.change, 'remove') = 'remove' then 'add'
            else 'update'
        end as change,
        case
            when wanted.is_member and coalesce(newest.change, 'remove') = 'remove' then 'resumed'
            when not wanted.is_member and newest.change <> 'remove' and newest.subject <> wanted.subject
                then 'new_trigger'
            when wanted.audience is not null then null
            when erased.customer_id is not null then 'erased'
            when redirects.customer_id is not null then 'merged'
            else coalesce(decisions.outcome_reason, 'no_longer_qualifies')
        end as reason,
        coalesce(wanted.subject, newest.subject) as subject,
        coalesce(wanted.channel, newest.channel) as channel,
        coalesce(wanted.counts_as, newest.counts_as) as counts_as,
        case when wanted.audience is not null then wanted.offer else newest.offer end as offer,
        coalesce(wanted.send_not_before, newest.send_not_before) as send_not_before,
        coalesce(wanted.expires_at, newest.expires_at) as expires_at,
        coalesce(wanted.payload_hash, newest.payload_hash) as payload_hash,
        case
            when wanted.is_member then wanted.entered_at
            when wanted.audience is null or newest.change <> 'remove' and newest.subject = wanted.subject
                then newest.entered_at
            else point_in_time.cut_at
        end as entered_at,
        point_in_time.cut_at
    from newest
    full outer join wanted on newest.audience = wanted.audience and newest.customer_id = wanted.customer_id
    cross join point_in_time
    left join redirects on newest.customer_id = redirects.old_customer_id
    left join erased on coalesce(redirects.customer_id, newest.customer_id) = erased.customer_id
    left join decisions
        on newest.audience = decisions.audience and newest.customer_id = decisions.customer_id
    where
        case
            when wanted.audience is null
                then newest.change <> 'remove' or erased.customer_id is not null and newest.reason <> 'erased'
            else coalesce(newest.change, 'remove') = 'remove' or newest.payload_hash <> wanted.payload_hash
        end
)

select
    compared.audience,
    compared.customer_id,
    cast(compared.change_number as int) as change_number,
    compared.change,
    compared.reason,
    compared.cut_at as changed_at,
    compared.subject,
    compared.channel,
    compared.counts_as,
    compared.offer,
    compared.send_not_before,
    compared.expires_at,
    compared.payload_hash,
    compared.entered_at
from compared
where compared.cut_at >= (select coalesce(max(changed_at), timestamp '1970-01-01') from log)
