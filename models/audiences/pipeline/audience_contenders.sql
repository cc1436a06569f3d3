-- Grain: audience and person who is neither stopped nor in a control group, with the channel of the message and who
-- wins it. Members are no contenders: their message went out before. At most one audience wins a person's channel in a
-- day, and at most one of those that need a consent to marketing wins a person at all: who loses or is capped leaves
-- the place empty. Tasks for the helpdesk do not compete. An audience that is not live, or is held back as too large,
-- loses to the others only and takes nothing from them: it shows what it would win.
with

qualified as (
    select * from {{ ref('audience_qualified') }}
    where not is_member
),

screened as (
    select * from {{ ref('audience_screened') }}
    where suppressed_reason is null
),

settings as (
    select * from {{ ref('audience_settings') }}
),

assignments as (
    select * from {{ ref('audience_assignments') }}
    where arm = 'control'
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

open_routes as (
    select * from {{ ref('audience_routes') }}
    where route_reason is null
),

entrants as (
    select
        qualified.audience,
        qualified.customer_id,
        qualified.expected_value,
        settings.class_rank,
        settings.consent_purpose,
        settings.is_live and not qualified.is_too_many as is_live,
        settings.passes like '% arbitration %' as passes_arbitration,
        {{ hash_text("qualified.audience || '|' || qualified.customer_id") }} as tie_breaker
    from qualified
    inner join settings on qualified.audience = settings.audience
    inner join screened
        on qualified.audience = screened.audience and qualified.customer_id = screened.customer_id
    cross join point_in_time
    left join assignments as own
        on
            settings.may_have_holdout
            and qualified.audience = own.campaign
            and qualified.customer_id = own.customer_id
    left join assignments as universal
        on
            settings.may_have_holdout
            and universal.campaign = 'universal:' || cast(year(point_in_time.as_of) as string)
            and qualified.customer_id = universal.customer_id
    where own.campaign is null and universal.campaign is null
),

routed as (
    select
        entrants.*,
        open_routes.channel,
        open_routes.answer_rate
    from entrants
    inner join open_routes
        on entrants.audience = open_routes.audience and entrants.customer_id = open_routes.customer_id
),

{% set order = 'class_rank asc, expected_value desc, tie_breaker asc' -%}
{% set before = ' rows between unbounded preceding and 1 preceding' -%}

-- What needs no consent to marketing takes the channel that the person answers most.
necessary as (
    select * from routed
    where consent_purpose <> 'marketing'
    qualify row_number() over (partition by audience, customer_id order by answer_rate desc, channel asc) = 1
),

necessary_ranked as (
    select
        *,
        coalesce(sum(case when is_live then 1 else 0 end) over (
            partition by customer_id, channel order by {{ order }}{{ before }}
        ), 0) as live_before
    from necessary
),

taken as (
    select
        customer_id,
        channel,
        audience
    from necessary_ranked
    where is_live and live_before = 0 and channel <> 'helpdesk'
),

-- What markets has the channels that are left, and is one message a day over all of them.
marketing as (
    select
        routed.*,
        taken.audience as taken_by
    from routed
    left join taken on routed.customer_id = taken.customer_id and routed.channel = taken.channel
    where routed.consent_purpose = 'marketing'
    qualify row_number() over (
        partition by routed.audience, routed.customer_id
        order by
            case when taken.audience is null then 0 else 1 end asc, routed.answer_rate desc, routed.channel asc
    ) = 1
),

marketing_ranked as (
    select
        *,
        coalesce(sum(case when is_live and taken_by is null then 1 else 0 end) over (
            partition by customer_id order by {{ order }}{{ before }}
        ), 0) as live_before
    from marketing
),

best_marketing as (
    select
        customer_id,
        audience
    from marketing_ranked
    where is_live and taken_by is null and live_before = 0
),

contenders as (
    select
        necessary_ranked.audience,
        necessary_ranked.customer_id,
        necessary_ranked.channel,
        necessary_ranked.channel = 'helpdesk'
        or necessary_ranked.passes_arbitration
        or necessary_ranked.live_before = 0 as has_won,
        taken.audience as winner_audience
    from necessary_ranked
    left join taken
        on necessary_ranked.customer_id = taken.customer_id and necessary_ranked.channel = taken.channel
    union all
    select
        marketing_ranked.audience,
        marketing_ranked.customer_id,
        marketing_ranked.channel,
        marketing_ranked.taken_by is null and marketing_ranked.live_before = 0 as has_won,
        coalesce(marketing_ranked.taken_by, best_marketing.audience) as winner_audience
    from marketing_ranked
    left join best_marketing on marketing_ranked.customer_id = best_marketing.customer_id
)

select
    audience,
    customer_id,
    channel,
    has_won,
    case when not has_won then winner_audience end as winner_audience
from contenders
