-- Grain: audience and person who may be sent to now: nobody in a control group, on hold, without consent, over a cap,
-- and nobody whom the log knows to have left, as a build for an earlier day might.
-- What a mirroring reverse-ETL tool reads. entered_at and updated_at move only when something changed. Trap: one
-- member is one message; who stays in the audience is not to be written to again before the next entry.
with

decisions as (
    select * from {{ ref('audience_decisions') }}
    where outcome = 'exported'
),

log as (
    select
        *,
        max(case when {{ is_message() }} then changed_at end) over (partition by audience, customer_id) as messaged_at
    from {{ ref('audience_log') }}
    qualify row_number() over (partition by audience, customer_id order by change_number desc) = 1
),

settings as (
    select * from {{ ref('audience_settings') }}
),

external_ids as (
    {{ external_ids() }}
)

select
    {{ hash_text("decisions.audience || '|' || decisions.customer_id") }} as audience_member_id,
    decisions.audience,
    decisions.kind,
    decisions.customer_id,
    external_ids.external_id,
    coalesce(log.entered_at, log.messaged_at) as entered_at,
    decisions.reason,
    decisions.reason_detail,
    decisions.channel,
    decisions.send_not_before,
    decisions.expires_at,
    decisions.offer,
    case when decisions.offer is not null then settings.offer_terms end as offer_terms,
    log.changed_at as updated_at,
    log.payload_hash,
    decisions.audience_version
from decisions
inner join log
    on decisions.audience = log.audience and decisions.customer_id = log.customer_id and log.change <> 'remove'
left join settings on decisions.audience = settings.audience
left join external_ids on decisions.customer_id = external_ids.customer_id and external_ids.is_main
