-- Grain: purchase model and frequency band. The holdout is the last holdout_days of seeds/thresholds.csv; customers,
-- their band and the fit are from before. An order is a purchase day, as in the models.
select
    model,
    frequency_band,
    cast(customers as bigint) as customers,
    {{ significant('predicted_orders') }} as predicted_orders,
    cast(actual_orders as bigint) as actual_orders
from {{ ref('int_lifetime__calibration') }}
