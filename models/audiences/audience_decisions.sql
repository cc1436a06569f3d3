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

routes as (
    select * from {{ ref('audience_routes') }}
),

gathered as (
    select
        qualified.*,
        settings.purpose_class,
        settings.counts_as,
        settings.offer,
        settings.consent_purpose,
        settings.is_live,
        settings.audience_version,
        screened.suppressed_reason,
        screened.all_reasons,
        case
            when universal.campaign is not null then 'universal_control'
            when own.campaign is not null then 'campaign_control'
        end as control_reason,
        contenders.contender_reason,
        contenders.winner_audience,
        case when qualified.is_member then qualified.member_channel else contenders.channel end as channel,
        case
            when qualified.is_member then qualified.member_send_not_before else contenders.send_not_before
        end as send_not_before,
        case when qualified.is_member then qualified.member_send_until else contenders.send_until end as send_until
    from qualified
    cross join point_in_time
    inner join settings on qualified.audience = settings.audience
    left join screened
        on qualified.audience = screened.audience and qualified.customer_id = screened.customer_id
    {{ join_controls() }}
    left join contenders
        on qualified.audience = contenders.audience and qualified.customer_id = contenders.customer_id
),

-- Who is a member keeps what was planned.
decided as (
    select
        gathered.*,
        routes.may_send_marketing,
        routes.is_stale,
        case
            when gathered.ineligible_reason is not null then gathered.ineligible_reason
            when gathered.suppressed_reason is not null then gathered.suppressed_reason
            when gathered.control_reason is not null then gathered.control_reason
            when gathered.contender_reason is not null then gathered.contender_reason
            when coalesce(gathered.send_not_before >= gathered.expires_at, true) then 'quiet_hours'
            when not gathered.is_live then 'not_live'
            when gathered.is_too_many then 'too_many'
            when routes.is_stale then 'stale_consent'
        end as outcome_reason
    from gathered
    left join routes
        on
            gathered.audience = routes.audience
            and gathered.customer_id = routes.customer_id
            and gathered.channel = routes.channel
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
        when outcome_reason = 'lost_arbitration' then 'assigned'
        when outcome_reason in ('over_cap', 'quiet_hours') then 'arbitrated'
        when outcome_reason is not null then 'capped'
        else 'exported'
    end as stage,
    case
        when outcome_reason is null then 'exported'
        when ineligible_reason is not null then 'not_eligible'
        when suppressed_reason is not null then 'suppressed'
        when control_reason is not null then 'control'
        when outcome_reason = 'lost_arbitration' then 'lost'
        when outcome_reason in ('over_cap', 'quiet_hours') then 'capped'
        else 'held_back'
    end as outcome,
    outcome_reason,
    nullif(concat_ws(
        ' ',
        ineligible_reason,
        all_reasons,
        control_reason,
        contender_reason,
        case when outcome_reason = 'quiet_hours' and contender_reason is null then 'quiet_hours' end,
        case when not is_live then 'not_live' end,
        case when is_too_many then 'too_many' end,
        case when is_stale then 'stale_consent' end
    ), '') as all_reasons,
    winner_audience,
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
    coalesce(send_until, expires_at) as expires_at,
    expected_value,
    value_basis,
    is_member,
    entered_at,
    audience_version
from decided
