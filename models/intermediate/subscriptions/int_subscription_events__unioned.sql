-- One event of a subscription before the cut, with its day in the reporting zone.
with

events as (
    {{ union_subject('subscription_events', ['recharge']) | indent(4) }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
)

select
    events.*,
    cast({{ utc_to_local('events.occurred_at', 'point_in_time.reporting_timezone') }} as date) as occurred_on
from events
cross join point_in_time
semi join {{ ref('int_subscriptions__unioned') }} as subscriptions
    on events.subscription_id = subscriptions.subscription_id
where events.occurred_at < point_in_time.cut_at
