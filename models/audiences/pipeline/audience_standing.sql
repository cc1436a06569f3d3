-- Grain: audience and person who is or was in it, as the exports before this day left it. An id that has retired since
-- stands for its person now. What a build of the same day exported is left out, so that a build can be repeated.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

redirects as (
    select * from {{ ref('customer_id_redirects') }}
),

log as (
    select log.*
    from {{ source('state', 'audience_log') }} as log
    inner join point_in_time on log.changed_at < point_in_time.cut_at
),

newest as (
    select
        *,
        max(case when change = 'add' then changed_at end) over (partition by audience, customer_id) as entered_at,
        max(case when change = 'remove' then changed_at end) over (partition by audience, customer_id) as left_at
    from log
    qualify row_number() over (partition by audience, customer_id order by change_number desc) = 1
)

select
    newest.audience,
    coalesce(redirects.customer_id, newest.customer_id) as customer_id,
    newest.change <> 'remove' as is_member,
    newest.entered_at,
    newest.left_at,
    newest.subject,
    newest.channel,
    newest.send_not_before
from newest
left join redirects on newest.customer_id = redirects.old_customer_id
qualify row_number() over (
    partition by newest.audience, coalesce(redirects.customer_id, newest.customer_id)
    order by
        case when newest.change <> 'remove' then 0 else 1 end asc, newest.entered_at asc nulls last,
        newest.left_at desc nulls last, newest.customer_id asc
) = 1
