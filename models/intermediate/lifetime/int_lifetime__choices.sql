-- One sales channel: the fits that its customers are scored by. The channel's own before the whole's; of the purchase
-- models the one that missed the holdout less, and where no holdout could be predicted the likelier one. Without any
-- reliable fit the average customer speaks (model average).
with

parameters as (
    select * from {{ ref('int_lifetime__parameters') }}
    where fit_window = 'to_date'
),

misses as (
    select
        model,
        sum(abs(predicted_orders - actual_orders)) as missed_orders
    from {{ ref('int_lifetime__calibration') }}
    group by model
),

groups as (
    select * from {{ ref('int_lifetime__purchase_groups') }}
    where fit_window = 'to_date'
),

channels as (
    select distinct segment as channel
    from groups
    where segment_type = 'channel'
),

models as (
    select
        parameters.model,
        row_number() over (
            order by
                misses.missed_orders asc nulls last,
                parameters.log_likelihood desc nulls last,
                parameters.model asc
        ) as preference
    from parameters
    left join misses on parameters.model = misses.model
    where parameters.model in ('bg_nbd', 'mbg_nbd') and parameters.segment_type = 'all'
),

candidates as (
    select
        channels.channel,
        parameters.*,
        models.preference,
        case when parameters.segment_type = 'all' then 2 else 1 end as distance
    from channels
    inner join parameters on parameters.segment_type = 'all' or channels.channel = parameters.segment
    left join models on parameters.model = models.model
    where parameters.is_reliable
),

purchase_fits as (
    select *
    from candidates
    where preference is not null
    qualify row_number() over (partition by channel order by distance, preference) = 1
),

spend_fits as (
    select *
    from candidates
    where model = 'gamma_gamma'
    qualify row_number() over (partition by channel order by distance) = 1
),

average_orders as (
    select {{ ratio('sum(customers * frequency)', 'sum(customers * age_days)') }} as orders_a_day
    from groups
    where segment_type = 'all'
),

average_values as (
    select {{ ratio('sum(net_revenue)', 'sum(money_days)') }} as order_value
    from {{ ref('int_lifetime__customers') }}
)

select
    channels.channel,
    coalesce(purchase_fits.model, 'average') as model,
    purchase_fits.segment as fitted_segment,
    purchase_fits.r,
    purchase_fits.alpha,
    purchase_fits.a,
    purchase_fits.b,
    case when purchase_fits.model = 'mbg_nbd' then 1 else 0 end as first_exit,
    spend_fits.p,
    spend_fits.q,
    spend_fits.v,
    average_orders.orders_a_day,
    average_values.order_value
from channels
cross join average_orders
cross join average_values
left join purchase_fits on channels.channel = purchase_fits.channel
left join spend_fits on channels.channel = spend_fits.channel
