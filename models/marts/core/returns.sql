-- Grain: one return as requested. Trap: refunded_amount is what the returns tool says, with tax, and is no money of the
-- books: that is in refunds. An exchange is an outcome; the order that replaces the goods is no order of its own.
with

returns as (
    select * from {{ ref('int_returns__unioned') }}
),

ranked_lines as (
    select
        *,
        row_number() over (partition by return_id order by coalesce(quantity, 0) desc, return_line_id asc) as position
    from {{ ref('int_return_lines__unioned') }}
),

lines as (
    select
        return_id,
        sum(quantity) as quantity,
        max(case when position = 1 then reason end) as reason,
        max(case when position = 1 then subreason end) as subreason,
        count(distinct reason) as reason_count
    from ranked_lines
    group by return_id
),

orders as (
    select * from {{ ref('orders') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
    where source_record_type = 'return'
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
)

select
    returns.return_id,
    returns.source_name,
    returns.rma_number,
    returns.order_id,
    coalesce(orders.customer_id, records.customer_id) as customer_id,
    case
        when returns.rejected_at is not null then 'rejected'
        when returns.expired_at is not null then 'expired'
        when returns.resolved_at is not null then 'done'
        when returns.approved_at is not null then 'approved'
        else 'requested'
    end as return_state,
    returns.filed_by,
    returns.requested_at,
    cast({{ utc_to_local('returns.requested_at', 'point_in_time.reporting_timezone') }} as date) as requested_on,
    returns.approved_at,
    returns.rejected_at,
    returns.refunded_at,
    returns.resolved_at,
    lines.reason,
    lines.subreason,
    cast(coalesce(lines.reason_count, 0) as bigint) as reason_count,
    cast(coalesce(lines.quantity, 0) as bigint) as quantity,
    returns.outcome,
    cast(returns.refunded_amount as decimal(18, 2)) as refunded_amount,
    returns.currency_code,
    returns.exchange_order_id
from returns
cross join point_in_time
left join lines on returns.return_id = lines.return_id
left join orders on returns.order_id = orders.order_id
left join records
    on returns.source_name = records.source_name and returns.source_record_id = records.source_record_id
