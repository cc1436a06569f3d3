-- Grain: one point of the page's repurchase curve, for everybody and the first three steps. The curve has a point
-- only where something happened; a listed day shows the last one up to it.
{%- set listed_days = [30, 60, 90, 180, 270, 365] %}
with

curve as (
    select * from {{ ref('repurchase_curve') }}
    where segment_type = 'all' and order_number <= 3 and at_risk >= {{ threshold('min_denominator') }}
),

spans as (
    select
        *,
        lead(days) over (partition by order_number order by days) as next_days,
        lead(at_risk) over (partition by order_number order by days) as next_at_risk
    from curve
),

listed_days as (
    {%- for days in listed_days %}
    {{ 'union all' if not loop.first }}
    select {{ days }} as listed_day
    {%- endfor %}
),

listed as (
    select
        spans.order_number,
        listed_days.listed_day as days,
        spans.survival,
        case when spans.days = listed_days.listed_day then spans.at_risk else spans.next_at_risk end as at_risk
    from spans
    inner join listed_days on spans.days <= listed_days.listed_day and spans.next_days > listed_days.listed_day
),

points as (
    select
        order_number,
        days,
        survival,
        at_risk,
        false as is_listed
    from curve
    union all
    select
        order_number,
        days,
        survival,
        at_risk,
        true as is_listed
    from listed
)

select
    order_number,
    case order_number when 1 then '1st → 2nd' when 2 then '2nd → 3rd' else '3rd → 4th' end as step,
    cast(days as bigint) as days,
    survival,
    at_risk,
    is_listed
from points
