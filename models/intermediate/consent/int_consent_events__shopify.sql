{{ config(materialized='view') }}
-- What customers' accounts said about e-mail and SMS, and boxes ticked at checkouts, which are evidence and no state.
with

statements as (
    {{ consent_events_from_statements(ref('stg_shopify__consent_statements'), 'shopify', 'customer') | indent(4) }}
),

orders as (
    select * from {{ ref('stg_shopify__orders') }}
    where has_accepted_marketing
)

select
    source_name,
    source_record_type,
    source_record_id,
    channel,
    purpose,
    state,
    occurred_at,
    address,
    method,
    evidence
from statements
union all
select
    'shopify' as source_name,
    'order' as source_record_type,
    shop_url || ':' || shopify_order_id as source_record_id,
    'email' as channel,
    'marketing' as purpose,
    'unknown' as state,
    ordered_at as occurred_at,
    email as address,
    'checkout' as method,
    'box ticked on order ' || shopify_order_id as evidence
from orders
