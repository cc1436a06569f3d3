-- Grain: audience and person who qualified at as_of. stage is the last one that was passed, outcome_reason the first
-- reason that stopped it (null: exported), all_reasons all that would have. Whether an audience runs at all (not live,
-- too large a share of everybody, consent data too old) is asked last, so that the rest can be judged before anything
-- goes out. Trap: a control group is in here with its reason, and in no export.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

qualified as (
    select * from {{ ref('audience_qualified') }}
),

settings as (
    select * from {{ ref('audience_settings') }}
),

screened as (
    select * from {{ ref('audience_screened') }}
),

controls as (
    select
        campaign,
        customer_id
    from {{ ref('audience_assignments') }}
    where arm = 'control'
),

contenders as (
    select * from {{ ref('audience_contenders') }}
),

capped as (
    select * from {{ ref('audience_capped') }}
),

routes as (
    select * from {{ ref('audience_routes') }}
),

contacts as (
    select
        contacts.customer_id,
        {{ zone_key('contacts') }} as zone_key,
        coalesce(contacts.country_code, 'unknown') as country_code
    from {{ ref('customer_contacts') }} as contacts
),

windows as (
    select * from {{ ref('audience_sending_windows') }}
),

gathered as (
    select
        qualified.*,
        settings.purpose_class,
        settings.counts_as,
        settings.offer,
        settings.consent_purpose,
        settings.is_live,
        settings.passes like '% quiet %' as passes_quiet,
        settings.audience_version,
        screened.suppressed_reason,
        screened.all_reasons,
        case
            when universal.campaign is not null then 'universal_control'
            when own.campaign is not null then 'campaign_control'
        end as control_reason,
        case when qualified.is_member then qualified.member_channel else contenders.channel end as channel,
        coalesce(qualified.is_member or contenders.has_won, false) as has_won,
        contenders.winner_audience,
        coalesce(qualified.is_member or capped.fits, true) as fits,
        point_in_time.cut_at
    from qualified
    cross join point_in_time
    inner join settings on qualified.audience = settings.audience
    left join screened
        on qualified.audience = screened.audience and qualified.customer_id = screened.customer_id
    left join controls as own
        on
            settings.may_have_holdout
            and qualified.audience = own.campaign
            and qualified.customer_id = own.customer_id
    left join controls as universal
        on
            settings.may_have_holdout
            and universal.campaign = 'universal:' || cast(year(point_in_time.as_of) as string)
            and qualified.customer_id = universal.customer_id
    left join contenders
        on qualified.audience = contenders.audience and qualified.customer_id = contenders.customer_id
    left join capped on qualified.audience = capped.audience and qualified.customer_id = capped.customer_id
),

-- The hour that suits the person, within the hours that are allowed; who is a member keeps what was planned.
timed as (
    select
        gathered.*,
        routes.may_send_marketing,
        routes.is_stale,
        case
            when gathered.is_member then gathered.member_send_not_before
            when gathered.channel = 'helpdesk' or gathered.passes_quiet and not coalesce(windows.also_service, true)
                then gathered.cut_at
            when gathered.passes_quiet or routes.preferred_hour is null or windows.time_zone is null
                then windows.opens_at
            else greatest(
                windows.opens_at,
                least(
                    {{ local_to_utc(
                        hours_later('cast(windows.local_day as timestamp)', 'routes.preferred_hour'), 'windows.time_zone'
                    ) }},
                    {{ hours_later('windows.closes_at', '-1') }}
                )
            )
        end as send_not_before
    from gathered
    left join routes
        on
            gathered.audience = routes.audience
            and gathered.customer_id = routes.customer_id
            and gathered.channel = routes.channel
    left join contacts on gathered.customer_id = contacts.customer_id
    left join windows
        on
            gathered.channel = windows.channel
            and contacts.zone_key = windows.zone_key
            and contacts.country_code = windows.country_code
),

decided as (
    select
        *,
        coalesce(send_not_before >= expires_at, send_not_before is null) as is_quiet,
        case
            when ineligible_reason is not null then ineligible_reason
            when suppressed_reason is not null then suppressed_reason
            when control_reason is not null then control_reason
            when not has_won then 'lost_arbitration'
            when not fits then 'over_cap'
            when coalesce(send_not_before >= expires_at, send_not_before is null) then 'quiet_hours'
            when not is_live then 'not_live'
            when is_too_many then 'too_many'
            when is_stale then 'stale_consent'
        end as outcome_reason
    from timed
)

select
    audience,
    customer_id,
    kind,
    purpose_class,
    case
        when ineligible_reason is not null then 'qualified'
        when suppressed_reason is not null then 'eligible'
        when control_reason is not null then 'unsuppressed'
        when not has_won then 'assigned'
        when not fits or is_quiet then 'arbitrated'
        when outcome_reason is not null then 'capped'
        else 'exported'
    end as stage,
    case
        when outcome_reason is null then 'exported'
        when ineligible_reason is not null then 'not_eligible'
        when suppressed_reason is not null then 'suppressed'
        when control_reason is not null then 'control'
        when not has_won then 'lost'
        when not fits or is_quiet then 'capped'
        else 'held_back'
    end as outcome,
    outcome_reason,
    nullif(concat_ws(' ', ineligible_reason, all_reasons, control_reason, case when outcome_reason not in (
        coalesce(ineligible_reason, ''), coalesce(suppressed_reason, ''), coalesce(control_reason, '')
    ) then outcome_reason end), '') as all_reasons,
    case when outcome_reason = 'lost_arbitration' then winner_audience end as winner_audience,
    subject,
    triggered_at,
    reason,
    reason_detail,
    channel,
    case
        when consent_purpose = 'marketing' or may_send_marketing then offer
    end as offer,
    case
        when consent_purpose <> 'marketing' and offer is not null and may_send_marketing then 'promotional'
        else counts_as
    end as counts_as,
    send_not_before,
    expires_at,
    expected_value,
    value_basis,
    is_member,
    entered_at,
    audience_version
from decided
