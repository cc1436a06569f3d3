-- Grain: one cell of the page's heat map: the newest cohorts of everybody, with the sentence shown on hover.
with

cohorts as (
    select * from {{ ref('customer_cohorts') }}
    where segment_type = 'all'
),

newest as (
    select max(cohort_month) as cohort_month
    from cohorts
)

select
    cohorts.cohort_month,
    {{ month_text('cohorts.cohort_month') }} as cohort,
    cohorts.cohort_customers,
    cohorts.months_since_first,
    cohorts.retention_rate,
    {{ month_text('cohorts.cohort_month') }} || ', month ' || cast(cohorts.months_since_first as string) || ': '
    || case
        when cohorts.is_mature
            then
                {{ number_text('cohorts.active_customers') }} || ' of ' || {{ number_text('cohorts.cohort_customers') }}
                || ' = ' || {{ number_text('100 * cohorts.retention_rate', 1) }} || ' % ('
                || {{ number_text('100 * cohorts.rate_low', 1) }} || ' – '
                || {{ number_text('100 * cohorts.rate_high', 1) }} || ')'
        else 'the month is not over, so no rate is shown'
    end as tip
from cohorts
cross join newest
where {{ months_between('cohorts.cohort_month', 'newest.cohort_month') }} < {{ threshold('dashboard_cohorts') }}
