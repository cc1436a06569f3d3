-- One purchase model and frequency band: orders of the holdout as the fit without it predicts them, and as they came.
-- An order is a purchase day. A model whose fit is not reliable has no rows.
with

groups as (
    select * from {{ ref('int_lifetime__purchase_groups') }}
    where fit_window = 'calibration'
),

fits as (
    select
        model as fit_id,
        r,
        alpha,
        a,
        b,
        {{ first_exit() }} as first_exit
    from {{ ref('int_lifetime__parameters') }}
    where fit_window = 'calibration' and model in ('bg_nbd', 'mbg_nbd') and is_reliable
),

ages as (
    select distinct
        fits.fit_id,
        groups.frequency,
        groups.age_days
    from groups
    cross join fits
),

horizons as (
    select cast({{ threshold('holdout_days') }} as double) as horizon_days
),

expected as (
    {{ expected_orders('fits', 'ages', 'horizons') }}
),

scored as (
    select
        fits.fit_id as model,
        case
            when groups.frequency < {{ threshold('max_frequency_band') }} then cast(groups.frequency as string)
            else cast(cast({{ threshold('max_frequency_band') }} as int) as string) || '+'
        end as frequency_band,
        groups.customers,
        groups.holdout_orders,
        expected.expected_if_alive * {{ probability_alive('groups', 'fits') }} as expected_orders
    from groups
    cross join fits
    inner join expected
        on
            fits.fit_id = expected.fit_id
            and groups.frequency = expected.frequency
            and groups.age_days = expected.age_days
)

select
    model,
    frequency_band,
    sum(customers) as customers,
    sum(customers * expected_orders) as predicted_orders,
    sum(holdout_orders) as actual_orders
from scored
group by model, frequency_band
