-- One return requested before the cut. What was decided later is not known yet.
with

returns as (
    {{ union_subject('returns', ['aftership']) | indent(4) }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

order_names as (
    select * from {{ ref('int_orders__references') }}
)

select
    returns.return_id,
    returns.source_name,
    returns.source_record_type,
    returns.source_record_id,
    returns.rma_number,
    coalesce(by_reference.order_id, by_label.order_id) as order_id,
    returns.filed_by,
    returns.requested_at,
    {%- for fact in ['approved_at', 'rejected_at', 'refunded_at', 'resolved_at', 'expired_at'] %}
    case when returns.{{ fact }} < point_in_time.cut_at then returns.{{ fact }} end as {{ fact }},
    {%- endfor %}
    case
        when coalesce(returns.refunded_at, returns.resolved_at, returns.approved_at) < point_in_time.cut_at
            then returns.outcome
    end as outcome,
    case
        when coalesce(returns.refunded_at, returns.resolved_at) < point_in_time.cut_at then returns.refunded_amount
    end as refunded_amount,
    coalesce(returns.currency_code, point_in_time.reporting_currency) as currency_code,
    exchanges.order_id as exchange_order_id
from returns
cross join point_in_time
left join order_names as by_reference on lower(returns.order_reference) = by_reference.reference
left join order_names as by_label on lower(returns.order_label) = by_label.reference
left join order_names as exchanges on lower(returns.exchange_order_reference) = exchanges.reference
where returns.requested_at < point_in_time.cut_at
