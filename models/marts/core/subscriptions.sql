-- Grain: one subscription of one product, in its state at as_of. A paused one counts as active (is_active). Its money
-- is no revenue: the orders that it makes are, with sales_channel subscription. Trap: an end with
-- replaced_by_subscription_id is a swap, not churn; a person with several subscriptions churns with the last one.
with

subscriptions as (
    select * from {{ ref('int_subscriptions__unioned') }}
),

states as (
    select * from {{ ref('int_subscriptions__states') }}
),

reasons as (
    select * from {{ ref('int_subscriptions__cancellation_reasons') }}
),

-- Variants that only one shop sells under their number.
products as (
    select
        variant_id,
        min(product_family) as product_family,
        min(category) as category
    from {{ ref('products') }}
    where source_name <> 'pos'
    group by variant_id
    having count(*) = 1
),

records as (
    select * from {{ ref('int_identity__records') }}
    where source_record_type = 'subscription'
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

judged as (
    select
        subscriptions.*,
        records.customer_id,
        states.state,
        states.first_started_at,
        states.ended_at,
        cast({{ utc_to_local('states.first_started_at', 'point_in_time.reporting_timezone') }} as date) as started_on,
        cast({{ utc_to_local('states.ended_at', 'point_in_time.reporting_timezone') }} as date) as ended_on,
        case
            when states.state = 'expired' then 'expired'
            when states.state <> 'cancelled' then null
            when reasons.is_involuntary then 'involuntary'
            when
                subscriptions.cancellation_reason is null
                and (subscriptions.is_out_of_retries or states.is_last_charge_failed) then 'involuntary'
            else 'voluntary'
        end as end_reason,
        case when states.state = 'cancelled' then reasons.reason_group end as cancellation_group,
        states.charge_count,
        states.skip_count,
        states.last_charged_at,
        coalesce(products.product_family, subscriptions.product_title, subscriptions.sku) as product_family,
        products.category
    from subscriptions
    cross join point_in_time
    inner join states on subscriptions.subscription_id = states.subscription_id
    left join reasons on subscriptions.cancellation_reason = reasons.cancellation_reason
    left join products on subscriptions.variant_id = products.variant_id
    left join records
        on
            subscriptions.source_name = records.source_name
            and subscriptions.source_record_type = records.source_record_type
            and subscriptions.source_record_id = records.source_record_id
),

replacements as (
    select
        ended.subscription_id,
        min_by(started.subscription_id, cast(started.started_at as string) || started.subscription_id) as replaced_by
    from judged as ended
    inner join judged as started on ended.customer_id = started.customer_id
    where
        ended.state = 'cancelled'
        and started.subscription_id <> ended.subscription_id
        and started.started_on >= ended.ended_on
        and {{ days_between('ended.ended_on', 'started.started_on') }} <= {{ threshold('swap_days') }}
    group by ended.subscription_id
)

select
    judged.subscription_id,
    judged.source_name,
    judged.source_record_id as source_subscription_id,
    judged.customer_id,
    judged.state as status_at_as_of,
    judged.ended_at is null as is_active,
    judged.started_on,
    judged.ended_on,
    judged.end_reason,
    judged.cancellation_group,
    replacements.replaced_by as replaced_by_subscription_id,
    judged.product_id,
    judged.variant_id,
    judged.sku,
    judged.product_family,
    judged.category,
    judged.quantity,
    cast(judged.unit_price as decimal(18, 2)) as unit_price,
    judged.currency_code,
    judged.interval_unit,
    judged.interval_count,
    judged.is_prepaid,
    case when judged.ended_at is null then judged.next_charge_on end as next_charge_on,
    cast(judged.charge_count as bigint) as charge_count,
    cast(judged.skip_count as bigint) as skip_count,
    judged.last_charged_at,
    judged.first_started_at as started_at,
    judged.ended_at
from judged
left join replacements on judged.subscription_id = replacements.subscription_id
