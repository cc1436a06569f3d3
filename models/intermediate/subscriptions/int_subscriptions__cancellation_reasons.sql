-- One text that somebody gave as the reason of a cancellation, with the group that seeds/cancellation_reasons.csv puts
-- it in: the row of lowest priority whose pattern occurs in it as whole words. reason_group is null where none does.
with

reasons as (
    select
        cancellation_reason,
        count(*) as subscription_count
    from {{ ref('int_subscriptions__unioned') }}
    where cancellation_reason is not null
    group by cancellation_reason
),

rules as (
    select * from {{ ref('cancellation_reasons') }}
)

select
    reasons.cancellation_reason,
    reasons.subscription_count,
    min_by(rules.reason_group, rules.priority) as reason_group,
    coalesce(min_by(rules.is_involuntary, rules.priority), false) as is_involuntary
from reasons
left join rules on {{ plain_words('reasons.cancellation_reason') }} like '% ' || rules.pattern || ' %'
group by reasons.cancellation_reason, reasons.subscription_count
