-- Grain: audience and person who is neither stopped nor in a control group, with the channel of the message and what
-- still stops it (contender_reason; null: nothing). At most one audience wins a person's channel in a day, and at most
-- one of those that need a consent to marketing wins a person at all. Tasks for the helpdesk do not compete.
-- What needs no consent to marketing takes its channel first and keeps it, whether it then fits under the caps or not;
-- what markets competes only where it could go out: a channel that is taken, full or closed for too long is no choice.
-- So less that may be sent never becomes more that is sent. An audience that is not live, or is held back as too large,
-- loses to the others only and takes nothing from them: it shows what it would win.
with

entrants as (
    select * from {{ ref('audience_entrants') }}
),

{% set order = 'class_rank asc, expected_value desc, tie_breaker asc' -%}
{% set before = ' rows between unbounded preceding and 1 preceding' -%}

-- In a channel that is open in time, of these in one in which the offer may go, and then in the one that the person
-- answers most.
necessary as (
    select * from entrants
    where consent_purpose <> 'marketing'
    qualify row_number() over (
        partition by audience, customer_id
        order by
            case when is_late or is_stale then 1 else 0 end asc, has_offer desc, answer_rate desc, channel asc
    ) = 1
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

necessary_winners as (
    select
        *,
        passes_cap or coalesce(least(own_room, channel_room) >= 1, true) as fits_channel
    from necessary_ranked
    where channel <> 'helpdesk' and (passes_arbitration or live_before = 0)
),

-- Per channel, then per class over all channels, then over everything: who fails one leaves the room to the others.
in_class as (
    select
        *,
        passes_cap
        or fits_channel
        and coalesce(class_room > coalesce(sum(case when is_live and fits_channel then 1 else 0 end) over (
            partition by customer_id, counts_as order by {{ order }}{{ before }}
        ), 0), true) as fits_class
    from necessary_winners
),

in_all as (
    select
        audience,
        customer_id,
        passes_cap
        or fits_class
        and coalesce(common_room > coalesce(sum(case when is_live and fits_class then 1 else 0 end) over (
            partition by customer_id order by {{ order }}{{ before }}
        ), 0), true) as fits
    from in_class
),

necessary_outcomes as (
    select
        ranked.audience,
        ranked.customer_id,
        ranked.channel,
        ranked.send_not_before,
        ranked.send_until,
        case
            when ranked.channel <> 'helpdesk' and not ranked.passes_arbitration and ranked.live_before > 0
                then 'lost_arbitration'
            when not in_all.fits then 'over_cap'
            when ranked.is_late then 'quiet_hours'
        end as contender_reason,
        taken.audience as winner_audience
    from necessary_ranked as ranked
    left join in_all on ranked.audience = in_all.audience and ranked.customer_id = in_all.customer_id
    left join taken on ranked.customer_id = taken.customer_id and ranked.channel = taken.channel
),

-- What this day's messages leave no room for: by channel and class what won, a message with an offer even where the
-- offer may not go with it, and over everything whatever was due: who may not be sent the one is not sent a promotion
-- instead.
{%- set kept = {
    'own': ['channel', 'takes_room_as'], 'channel': ['channel'], 'class': ['takes_room_as']
} %}
{%- for name, columns in kept.items() %}
kept_by_{{ name }} as (
    select
        customer_id,
        {{ columns | join(', ') }},
        count(*) as kept_count
    from necessary_winners
    where is_live
    group by customer_id, {{ columns | join(', ') }}
),
{% endfor %}
due as (
    select
        qualified.customer_id,
        count(*) as due_count
    from {{ ref('audience_qualified') }} as qualified
    inner join {{ ref('audience_settings') }} as settings on qualified.audience = settings.audience
    where
        qualified.ineligible_reason is null
        and not qualified.is_member
        and settings.consent_purpose <> 'marketing'
        and settings.channels <> ' helpdesk '
        and settings.is_live
        and not qualified.is_too_many
    group by qualified.customer_id
),

marketing as (
    select
        entrants.*,
        taken.audience as taken_by,
        coalesce(entrants.own_room - coalesce(kept_by_own.kept_count, 0) >= 1, true)
        and coalesce(entrants.channel_room - coalesce(kept_by_channel.kept_count, 0) >= 1, true)
        and coalesce(entrants.class_room - coalesce(kept_by_class.kept_count, 0) >= 1, true)
        and coalesce(entrants.common_room - coalesce(due.due_count, 0) >= 1, true) as fits
    from entrants
    left join taken on entrants.customer_id = taken.customer_id and entrants.channel = taken.channel
    left join kept_by_own
        on
            entrants.customer_id = kept_by_own.customer_id
            and entrants.channel = kept_by_own.channel
            and entrants.counts_as = kept_by_own.takes_room_as
    left join kept_by_channel
        on entrants.customer_id = kept_by_channel.customer_id and entrants.channel = kept_by_channel.channel
    left join kept_by_class
        on entrants.customer_id = kept_by_class.customer_id and entrants.counts_as = kept_by_class.takes_room_as
    left join due on entrants.customer_id = due.customer_id
    where entrants.consent_purpose = 'marketing'
),

-- The nearer to being sent, the smaller.
hindered as (
    select
        *,
        case
            when taken_by is not null then 3
            when not fits and not passes_cap then 2
            when is_late then 1
            else 0
        end as hindrance
    from marketing
),

best_routes as (
    select * from hindered
    qualify row_number() over (
        partition by audience, customer_id order by hindrance asc, is_stale asc, answer_rate desc, channel asc
    ) = 1
),

marketing_ranked as (
    select
        *,
        coalesce(sum(case when is_live and hindrance = 0 then 1 else 0 end) over (
            partition by customer_id order by {{ order }}{{ before }}
        ), 0) as live_before
    from best_routes
),

best_marketing as (
    select
        customer_id,
        audience
    from marketing_ranked
    where is_live and hindrance = 0 and live_before = 0
),

marketing_outcomes as (
    select
        ranked.audience,
        ranked.customer_id,
        ranked.channel,
        ranked.send_not_before,
        ranked.send_until,
        case ranked.hindrance
            when 3 then 'lost_arbitration'
            when 2 then 'over_cap'
            when 1 then 'quiet_hours'
            else case when ranked.live_before > 0 then 'lost_arbitration' end
        end as contender_reason,
        coalesce(ranked.taken_by, best_marketing.audience) as winner_audience
    from marketing_ranked as ranked
    left join best_marketing on ranked.customer_id = best_marketing.customer_id
),

outcomes as (
    select * from necessary_outcomes
    union all
    select * from marketing_outcomes
)

select
    audience,
    customer_id,
    channel,
    send_not_before,
    send_until,
    contender_reason,
    case when contender_reason = 'lost_arbitration' then winner_audience end as winner_audience
from outcomes
