-- Whose points lapsed although nobody had said so? A row per member and day on which points expired without a notice
-- that is known to have gone out, with why: no notice was ever due (the points came too late, or the platform told no
-- day), the person could not be written to, the notice did not go out, or nobody can tell. Largest first.
with

lapsed as (
    select
        programme,
        member_id,
        customer_id,
        occurred_on as expired_on,
        sum(-points) as points
    from {{ ref('loyalty_entries') }}
    where entry_type = 'expire'
    group by programme, member_id, customer_id, occurred_on
),

notices as (
    select
        programme,
        member_id,
        expires_on,
        count(*) as notices_due,
        count(*) filter (where is_reachable) as notices_reachable,
        count(*) filter (where was_sent) as notices_sent,
        count(*) filter (where was_sent is null) as notices_unknown,
        min(due_on) as first_due_on
    from {{ ref('loyalty_notices') }}
    where notice like 'expiring%'
    group by programme, member_id, expires_on
)

select
    lapsed.programme,
    lapsed.member_id,
    lapsed.customer_id,
    lapsed.expired_on,
    cast(lapsed.points as decimal(18, 2)) as points,
    notices.first_due_on,
    case
        when notices.member_id is null then 'no notice was due'
        when notices.notices_unknown > 0 then 'nobody can tell'
        when notices.notices_reachable = 0 then 'could not be written to'
        else 'was not sent'
    end as why
from lapsed
left join notices
    on
        lapsed.programme = notices.programme
        and lapsed.member_id = notices.member_id
        and lapsed.expired_on = notices.expires_on
where coalesce(notices.notices_sent, 0) = 0
order by lapsed.points desc, lapsed.expired_on asc, lapsed.programme asc, lapsed.member_id asc
