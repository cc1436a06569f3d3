{{ config(materialized='view') }}
-- One triggered e-mail. What became of it is known per day and rule only, so that everything but sent_at is null.
with

emails as (
    select * from {{ ref('stg_barilliance__sent_emails') }}
),

kinds as (
    select * from {{ ref('barilliance_email_types') }}
)

select
    'barilliance:email:' || {{ address_record_id('emails.email') }} || ':' || cast(emails.sent_at as string) || ':'
    || coalesce(cast(emails.email_type as string), '-') as message_id,
    'barilliance' as source_name,
    'address' as source_record_type,
    {{ address_record_id('emails.email') }} as source_record_id,
    'email' as channel,
    cast(emails.email_type as string) as campaign_id,
    kinds.campaign,
    emails.sent_at,
    cast(null as timestamp) as delivered_at,
    cast(null as timestamp) as opened_at,
    cast(null as timestamp) as machine_opened_at,
    cast(null as timestamp) as clicked_at,
    cast(null as timestamp) as bounced_at,
    cast(null as timestamp) as failed_at,
    cast(null as timestamp) as unsubscribed_at,
    cast(null as timestamp) as complained_at
from emails
left join kinds on emails.email_kind = kinds.email_kind
