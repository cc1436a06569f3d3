-- Grain: the newest notice of a kind that a member was due, that nobody is known to have sent and that is still true:
-- the points are there and lapse on that day, the tier is that one and still lacks something. Points are those of now
-- and not those of the day when it was due. kind is the notice of loyalty_notices.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

newest_notices as (
    select * from {{ ref('loyalty_notices') }}
    where customer_id is not null
    qualify row_number() over (
        partition by programme, member_id, notice
        order by due_on desc, subject desc
    ) = 1
),

balances as (
    select * from {{ ref('loyalty_balances') }}
),

expiring_lots as (
    select
        programme,
        member_id,
        expires_on,
        sum(points_available) as points,
        min(expires_at) as expires_at
    from {{ ref('loyalty_lots') }}
    where points_available > 0
    group by programme, member_id, expires_on
),

current_facts as (
    select
        notices.programme,
        notices.member_id,
        notices.customer_id,
        notices.notice,
        notices.subject,
        notices.due_on,
        notices.expires_on,
        notices.tier,
        notices.notice like 'expiring%' as is_about_expiry,
        case
            when notices.notice = 'balance' then balances.points_available
            when notices.notice like 'expiring%' then coalesce(expiring_lots.points, 0)
        end as points,
        expiring_lots.expires_at,
        case
            when notices.notice = 'tier_at_risk'
                then coalesce(balances.points_required_to_remain, notices.tier_shortfall)
        end as tier_shortfall,
        balances.tier as current_tier
    from newest_notices as notices
    inner join balances on notices.programme = balances.programme and notices.member_id = balances.member_id
    left join expiring_lots
        on
            notices.programme = expiring_lots.programme
            and notices.member_id = expiring_lots.member_id
            and notices.expires_on = expiring_lots.expires_on
    where not coalesce(notices.was_sent, false)
),

dated as (
    select
        current_facts.*,
        {{ day_begins('current_facts.due_on') }} as triggered_at,
        case
            when is_about_expiry then current_facts.expires_at
            else {{ day_begins('current_facts.expires_on') }}
        end as ends_at
    from current_facts
    cross join point_in_time
    where current_facts.due_on <= point_in_time.as_of
)

select
    notice as kind,
    customer_id,
    programme || ':' || member_id || ':' || cast(subject as string) as subject,
    triggered_at,
    ends_at,
    case
        when is_about_expiry then 'Points are about to expire'
        when notice = 'balance' then 'The balance of the month was not told'
        when notice = 'tier_changed' then 'The tier has changed'
        when notice = 'tier_at_risk' then 'The tier is about to be lost'
    end as reason,
    {{ json_object({
        'programme': json_string('programme'),
        'points': json_number('points'),
        'expires_on': json_day('expires_on'),
        'tier': json_string('tier'),
        'tier_shortfall': json_number('tier_shortfall'),
    }) | indent(4) }} as reason_detail,
    cast(null as string) as product_family,
    cast(0 as decimal(18, 2)) as expected_spend
from dated
where
    coalesce(points > 0, true)
    and coalesce(tier_shortfall > 0, true)
    and coalesce(tier = current_tier, true)
