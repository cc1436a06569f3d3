-- Grain: audience and person who qualifies at as_of, by one trigger: the one that made somebody a member as long as it
-- lasts (where the audience has a cool-down; without one a new trigger is a new message, once), else by one of a
-- product that is not out of place, of these by the one that lasts longest, mostly the newest: what ends sooner may
-- find no hour any more. ineligible_reason is null for who may go on. Budget and share are judged here, by the
-- best trigger, before anything that stops a person: what stops one person must never let another one in.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

settings as (
    select
        audience_settings.*,
        {{ day_begins('audience_settings.live_from') }} as live_from_at
    from {{ ref('audience_settings') }} as audience_settings
    cross join point_in_time
    where audience_settings.is_active
),

standing as (
    select * from {{ ref('audience_standing') }}
),

lifts as (
    select * from {{ ref('campaign_lift') }}
    where is_conclusive
),

families_out_of_place as (
    select distinct
        customer_id,
        product_family
    from {{ ref('audience_out_of_place') }}
    where product_family is not null
),

-- Where nobody rests, one trigger is one message all the same.
answered as (
    select distinct
        log.audience,
        coalesce(redirects.customer_id, log.customer_id) as customer_id,
        log.subject
    from {{ source('state', 'audience_log') }} as log
    inner join point_in_time on log.changed_at < point_in_time.cut_at
    left join {{ ref('customer_id_redirects') }} as redirects on log.customer_id = redirects.old_customer_id
    where {{ is_message('log') }}
),

triggers as (
    {%- for model in audience_models() %}
    {{ 'union all' if not loop.first }}
    select
        '{{ model }}' as model,
        kind,
        customer_id,
        subject,
        triggered_at,
        ends_at,
        reason,
        reason_detail,
        product_family,
        expected_spend
    from {{ ref('qualified_' ~ model) }}
    where customer_id is not null
    {%- endfor %}
),

dated as (
    select
        settings.audience,
        settings.offer_cost,
        settings.cool_down_days,
        settings.daily_budget,
        settings.max_share_of_base,
        settings.base_count,
        settings.is_live,
        settings.live_from_at,
        settings.passes not like '% relevance %' and families_out_of_place.customer_id is not null as is_out_of_place,
        triggers.*,
        least(
            coalesce(triggers.ends_at, {{ days_later('triggers.triggered_at', 'settings.max_trigger_age_days') }}),
            {{ days_later('triggers.triggered_at', 'settings.max_trigger_age_days') }}
        ) as expires_at,
        coalesce(lifts.conversion_lift, settings.assumed_lift) * triggers.expected_spend - settings.offer_cost
            as expected_value,
        case when lifts.campaign is null then 'assumed' else 'measured' end as value_basis
    from triggers
    inner join settings on triggers.model = settings.model and triggers.kind = settings.kind
    left join lifts on settings.audience = lifts.campaign
    left join families_out_of_place
        on
            triggers.customer_id = families_out_of_place.customer_id
            and triggers.product_family = families_out_of_place.product_family
),

stood as (
    select
        dated.*,
        point_in_time.cut_at,
        coalesce(standing.is_member and standing.subject = dated.subject, false) as is_member,
        case when standing.is_member and standing.subject = dated.subject then standing.entered_at end as entered_at,
        case when standing.is_member and standing.subject = dated.subject then standing.channel end as member_channel,
        case when standing.is_member and standing.subject = dated.subject then standing.send_not_before end
            as member_send_not_before,
        case when standing.is_member and standing.subject = dated.subject then standing.expires_at end
            as member_send_until,
        standing.rests_from,
        answered.subject is not null
        and not coalesce(standing.is_member and standing.subject = dated.subject, false) as is_answered
    from dated
    cross join point_in_time
    left join standing on dated.audience = standing.audience and dated.customer_id = standing.customer_id
    left join answered
        on
            case when dated.cool_down_days = 0 then dated.audience end = answered.audience
            and dated.customer_id = answered.customer_id
            and dated.subject = answered.subject
    where dated.triggered_at < point_in_time.cut_at
),

judged as (
    select
        *,
        case
            when ends_at <= cut_at then 'over'
            when expires_at <= cut_at then 'too_old'
            when is_live and live_from_at > triggered_at then 'before_live_from'
            when is_answered then 'answered'
            when not is_member and rests_from is not null
                and {{ days_later('rests_from', 'cool_down_days') }} > cut_at then 'cool_down'
        end as ineligible_reason
    from stood
),

chosen as (
    select
        *,
        max(case when ineligible_reason is null then expected_value end) over (
            partition by audience, customer_id
        ) as best_value
    from judged
    qualify row_number() over (
        partition by audience, customer_id
        order by
            case when ineligible_reason is null then 0 else 1 end asc,
            case when is_member and cool_down_days > 0 then 0 else 1 end asc,
            case when is_out_of_place then 1 else 0 end asc,
            expires_at desc, triggered_at desc, subject asc
    ) = 1
),

counts as (
    select
        audience,
        count(*) as eligible_count
    from chosen
    where ineligible_reason is null
    group by audience
),

spent as (
    select
        audience,
        customer_id,
        sum(offer_cost) over (
            partition by audience
            order by best_value desc, customer_id asc rows between unbounded preceding and current row
        ) as cost_so_far
    from chosen
    where ineligible_reason is null and daily_budget is not null
)

select
    chosen.audience,
    chosen.customer_id,
    chosen.kind,
    chosen.subject,
    chosen.triggered_at,
    chosen.expires_at,
    chosen.reason,
    chosen.reason_detail,
    chosen.product_family,
    {{ money('chosen.expected_value') }} as expected_value,
    chosen.value_basis,
    chosen.is_member,
    chosen.entered_at,
    chosen.member_channel,
    chosen.member_send_not_before,
    chosen.member_send_until,
    case
        when chosen.ineligible_reason is not null then chosen.ineligible_reason
        when spent.cost_so_far > chosen.daily_budget and not chosen.is_member then 'over_budget'
    end as ineligible_reason,
    coalesce(counts.eligible_count, 0) > chosen.max_share_of_base * chosen.base_count as is_too_many
from chosen
left join counts on chosen.audience = counts.audience
left join spent on chosen.audience = spent.audience and chosen.customer_id = spent.customer_id
