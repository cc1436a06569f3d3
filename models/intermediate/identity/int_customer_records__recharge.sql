{{ config(materialized='view') }}
-- One subscriber or subscription as a sighting of a person.
with

customers as (
    select
        customers.*,
        {{ shopify_person('customers.shopify_customer_id') }} as platform_customer_id
    from {{ ref('stg_recharge__customers') }} as customers
),

subscriptions as (
    select * from {{ ref('stg_recharge__subscriptions') }}
)

select
    'recharge' as source_name,
    'customer' as source_record_type,
    recharge_customer_id as source_record_id,
    created_at as recorded_at,
    platform_customer_id,
    cast(null as string) as loyalty_id,
    email,
    phone,
    first_name,
    last_name,
    false as is_email_verified,
    cast(null as string) as country_code
from customers
union all
select
    'recharge' as source_name,
    'subscription' as source_record_type,
    subscriptions.subscription_id as source_record_id,
    subscriptions.created_at as recorded_at,
    customers.platform_customer_id,
    cast(null as string) as loyalty_id,
    coalesce(subscriptions.email, customers.email) as email,
    customers.phone,
    customers.first_name,
    customers.last_name,
    false as is_email_verified,
    cast(null as string) as country_code
from subscriptions
left join customers on subscriptions.recharge_customer_id = customers.recharge_customer_id
