-- Grain: audience and person who is or was in it, as the exports before this day left it. An id that has retired
-- since stands for its person now; of several ids that are in it the first to come stays. Who was removed as merged and
-- is an own person again never left. rests_from: the newest message to any id of who is in it, the last exit of who is
-- not. What a build of the same day exported is left out, so that a build can be repeated.
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
        max(case when change = 'add' then changed_at end) over (partition by audience, customer_id) as added_at,
        max(case when {{ is_message() }} then changed_at end) over (partition by audience, customer_id) as messaged_at,
        max(case when change = 'remove' then changed_at end) over (partition by audience, customer_id) as left_at
    from log
    qualify row_number() over (partition by audience, customer_id order by change_number desc) = 1
),

of_people as (
    select
        newest.*,
        newest.change <> 'remove' as was_told,
        newest.change <> 'remove' or redirects.customer_id is null and coalesce(newest.reason, '') = 'merged'
            as is_member,
        coalesce(redirects.customer_id, newest.customer_id) as person_id
    from newest
    left join redirects on newest.customer_id = redirects.old_customer_id
),

with_others as (
    select
        *,
        max(messaged_at) over (partition by audience, person_id) as last_messaged_at,
        max(left_at) over (partition by audience, person_id) as last_left_at
    from of_people
)

select
    audience,
    person_id as customer_id,
    is_member,
    coalesce(entered_at, messaged_at) as entered_at,
    case when was_told then last_messaged_at else last_left_at end as rests_from,
    subject,
    channel,
    send_not_before,
    expires_at
from with_others
qualify row_number() over (
    partition by audience, person_id
    order by
        case when was_told then 0 when is_member then 1 else 2 end asc,
        added_at asc nulls last, customer_id asc
) = 1
