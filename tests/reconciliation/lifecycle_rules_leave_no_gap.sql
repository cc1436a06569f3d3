-- The rules of a type cover every number from 0 on exactly once, so that each customer has one stage and one state. A
-- VIP is no stage: who meets no rule is none.
with

rules as (
    select
        rule_type,
        label,
        at_least,
        at_most,
        lag(at_most) over (partition by rule_type order by at_least, label) as previous_at_most,
        row_number() over (partition by rule_type order by at_least, label) as position,
        count(*) over (partition by rule_type) as rule_count
    from {{ ref('lifecycle_rules') }}
    where rule_type <> 'vip'
)

select
    rule_type,
    label
from rules
where
    at_least is distinct from case when position = 1 then 0 else previous_at_most + 1 end
    or (at_most is null) <> (position = rule_count)
    or at_most < at_least
