{{ config(materialized='view') }}
-- One e-mail that asks for reviews. It may ask for several products of an order: then it is several raw rows.
with

requests as (
    select
        *,
        concat_ws(
            '|', order_reference, email_type, cast(reminder_number as string),
            coalesce(cast(sent_at as string), 'never sent ' || coalesce(product_id, '-'))
        ) as send_key
    from {{ ref('stg_yotpo__raw_data') }}
)

select
    'yotpo:email:' || {{ address_record_id('email') }} || ':' || send_key as message_id,
    'yotpo' as source_name,
    'address' as source_record_type,
    {{ address_record_id('email') }} as source_record_id,
    'email' as channel,
    coalesce(max(email_type), 'review request') as campaign_id,
    'review request' || case when max(case when has_coupon then 1 else 0 end) = 1 then ' with coupon' else '' end
        as campaign,
    min(sent_at) as sent_at,
    cast(null as timestamp) as delivered_at,
    min(opened_at) as opened_at,
    cast(null as timestamp) as machine_opened_at,
    min(clicked_at) as clicked_at,
    min(bounced_at) as bounced_at,
    min(failed_at) as failed_at,
    min(unsubscribed_at) as unsubscribed_at,
    min(complained_at) as complained_at
from requests
group by email, send_key
