{{ config(materialized='view') }}
-- One reason as customers or the returns tool write it, and what it is by seeds/return_reasons.csv; other where no
-- pattern says.
with

reasons as (
    select
        reason,
        {{ plain_words('reason') }} as words
    from {{ ref('int_return_lines__unioned') }}
    where reason is not null
    group by reason
),

patterns as (
    select * from {{ ref('return_reasons') }}
)

select
    reasons.reason,
    coalesce(min_by(patterns.reason_group, patterns.priority), 'other') as reason_group,
    coalesce(min_by(patterns.is_bad, patterns.priority), false) as is_bad
from reasons
left join patterns on reasons.words like '% ' || patterns.pattern || ' %'
group by reasons.reason
