-- One piece of a refund booked before the cut. order_id is null where the order is unknown, and match_state says why.
with

refunds as (
    {{ union_subject('refunds', ['pos', 'shopify']) | indent(4) }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

orders as (
    select * from {{ ref('int_orders__unioned') }}
)

select
    refunds.refund_line_id,
    refunds.refund_id,
    refunds.source_name,
    refunds.source_record_id,
    orders.order_id,
    case when orders.order_id is not null then refunds.order_line_id end as order_line_id,
    case
        when orders.order_id is not null then 'matched'
        when refunds.order_id is null then 'no_original'
        when known.order_id is not null then 'other_currency'
        else 'order_missing'
    end as match_state,
    refunds.refunded_at,
    cast({{ utc_to_local('refunds.refunded_at', 'point_in_time.reporting_timezone') }} as date) as refunded_on,
    refunds.kind,
    refunds.quantity,
    refunds.amount,
    refunds.tax_amount,
    refunds.has_moved_money,
    coalesce(orders.sales_channel, refunds.sales_channel) as sales_channel,
    coalesce(orders.currency_code, refunds.currency_code, point_in_time.reporting_currency) as currency_code
from refunds
cross join point_in_time
left join orders as known on refunds.order_id = known.order_id
left join orders
    on
        refunds.order_id = orders.order_id
        and coalesce(refunds.currency_code, orders.currency_code) = orders.currency_code
where refunds.refunded_at < point_in_time.cut_at
