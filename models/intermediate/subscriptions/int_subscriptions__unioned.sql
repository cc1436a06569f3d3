-- One subscription started before the cut.
with

subscriptions as (
    {{ union_subject('subscriptions', ['recharge']) | indent(4) }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
)

select subscriptions.*
from subscriptions
cross join point_in_time
where subscriptions.started_at < point_in_time.cut_at
