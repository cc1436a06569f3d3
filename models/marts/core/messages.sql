-- Grain: one message to one person, in one channel. A time is null where it did not happen, and where the channel or
-- tool does not tell it: Braze tells no delivery of a push, Klaviyo no sending of anything (received is delivered),
-- Barilliance nothing but the sending. Count what went out by messaged_at, never by sent_at; rates only over messages
-- whose time could be known.
with

messages as (
    select * from {{ ref('int_messages__unioned') }}
),

campaigns as (
    select * from {{ ref('int_messages__campaigns') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
)

select
    messages.message_id,
    messages.source_name,
    records.customer_id,
    messages.channel,
    campaigns.message_class,
    campaigns.is_mapped as is_class_mapped,
    messages.campaign_id,
    messages.campaign,
    messages.messaged_at,
    messages.messaged_on,
    messages.sent_at,
    messages.delivered_at,
    messages.opened_at,
    messages.machine_opened_at,
    messages.clicked_at,
    messages.bounced_at,
    messages.failed_at,
    messages.unsubscribed_at,
    messages.complained_at
from messages
left join campaigns
    on messages.source_name = campaigns.source_name and coalesce(messages.campaign, '-') = campaigns.campaign
left join records
    on
        messages.source_name = records.source_name
        and messages.source_record_type = records.source_record_type
        and messages.source_record_id = records.source_record_id
