{{ config(materialized='view') }}
-- One helpdesk customer or ticket as a sighting of a person. A ticket may carry the shop's customer id; what
-- external_id of a helpdesk customer names differs by account, so it is not used.
with

customers as (
    select * from {{ ref('stg_gorgias__customers') }}
),

tickets as (
    select * from {{ ref('stg_gorgias__tickets') }}
    where coalesce(exclusion_reason, '') <> 'spam'
),

integrations as (
    select
        ticket_id,
        {{ explode('integrations') }} as integration
    from tickets
),

accounts as (
    select
        ticket_id,
        case when count(distinct integration.customer.id) = 1 then cast(min(integration.customer.id) as string) end
            as shopify_customer_id
    from integrations
    where lower(integration.__integration_type__) = 'shopify'
    group by ticket_id
)

select
    'gorgias' as source_name,
    'customer' as source_record_type,
    gorgias_customer_id as source_record_id,
    created_at as recorded_at,
    cast(null as string) as platform_customer_id,
    cast(null as string) as loyalty_id,
    email,
    cast(null as string) as phone,
    {{ first_word('full_name') }} as first_name,
    {{ last_word('full_name') }} as last_name,
    false as is_email_verified,
    cast(null as string) as country_code
from customers
union all
select
    'gorgias' as source_name,
    'ticket' as source_record_type,
    tickets.ticket_id as source_record_id,
    tickets.opened_at as recorded_at,
    {{ shopify_person('accounts.shopify_customer_id') }} as platform_customer_id,
    cast(null as string) as loyalty_id,
    coalesce(tickets.email, customers.email) as email,
    cast(null as string) as phone,
    {{ first_word('customers.full_name') }} as first_name,
    {{ last_word('customers.full_name') }} as last_name,
    false as is_email_verified,
    cast(null as string) as country_code
from tickets
left join accounts on tickets.ticket_id = accounts.ticket_id
left join customers on tickets.gorgias_customer_id = customers.gorgias_customer_id
