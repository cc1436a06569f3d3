-- Grain: audience, person who is eligible, and channel that the audience uses. A member stays in the channel of the
-- first message. route_reason is null where the channel is open to this person for this purpose.
with

qualified as (
    select * from {{ ref('audience_qualified') }}
    where ineligible_reason is null
),

settings as (
    select * from {{ ref('audience_settings') }}
),

policy as (
    select * from {{ ref('consent_policy') }}
),

channels as (
    select * from {{ ref('audience_channels') }}
),

routes as (
    select
        qualified.audience,
        qualified.customer_id,
        policy.channel,
        policy.unknown_is_consent,
        settings.consent_purpose
    from qualified
    inner join settings on qualified.audience = settings.audience
    inner join policy
        on
            settings.consent_purpose = policy.purpose
            and settings.channels like '% ' || policy.channel || ' %'
    where not qualified.is_member or qualified.member_channel = policy.channel
)

select
    routes.audience,
    routes.customer_id,
    routes.channel,
    case
        when not coalesce(
            case routes.consent_purpose
                when 'marketing' then channels.may_send_marketing
                else channels.may_send_transactional
            end,
            routes.unknown_is_consent
        ) then 'no_consent'
        when
            routes.channel <> 'helpdesk'
            and not coalesce(channels.has_address and not channels.is_undeliverable, false)
            then 'undeliverable'
        when channels.has_complained then 'complained'
    end as route_reason,
    coalesce(channels.may_send_marketing, false) as may_send_marketing,
    coalesce(channels.is_stale, false) as is_stale,
    coalesce(channels.answer_rate, 0) as answer_rate,
    channels.preferred_hour
from routes
left join channels on routes.customer_id = channels.customer_id and routes.channel = channels.channel
