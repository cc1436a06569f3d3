-- Where do first-time customers come back most, within 60 days? Ranked by the low end of the interval, so that a small
-- segment has to be much better to stand first. Segments that people are in as of today (loyalty, subscription) are
-- left out: they say who stayed, not what makes people stay.
select
    segment_type,
    segment,
    numerator as came_back,
    denominator as first_time_customers,
    value,
    value_low,
    value_high
from {{ ref('retention_scorecard') }}
where
    metric = 'repurchase_rate_60d'
    and period_window = 'to_date'
    and reason is null
    and segment_type not in ('loyalty', 'subscription')
    and period_month = (select max(period_month) from {{ ref('retention_scorecard') }})
order by value_low desc, segment_type asc, segment asc
