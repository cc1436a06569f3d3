{{ config(materialized='view') }}
-- One return. What becomes of it: an exchange, store credit or money, by what it says of itself; several of them are
-- mixed.
with

returns as (
    select
        *,
        exchange_order_reference is not null
        or outcomes like '%exchange%'
        or refund_destination like '%exchange%' as is_exchange,
        refund_destination like '%credit%' or refund_destination like '%gift%' or outcomes like '%credit%' as is_credit,
        refunded_amount > 0 or outcomes like '%refund%' or refund_destination like '%original%' as is_refund
    from {{ ref('stg_aftership__returns') }}
)

select
    'aftership:' || return_id as return_id,
    'aftership' as source_name,
    'return' as source_record_type,
    return_id as source_record_id,
    rma_number,
    order_reference,
    order_label,
    filed_by,
    requested_at,
    approved_at,
    rejected_at,
    refunded_at,
    resolved_at,
    expired_at,
    case
        when is_exchange and refunded_amount > 0 then 'mixed'
        when is_exchange then 'exchange'
        when is_credit then 'store_credit'
        when is_refund then 'refund'
    end as outcome,
    refunded_amount,
    currency_code,
    exchange_order_reference
from returns
