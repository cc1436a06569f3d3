-- Grain: audience and person who is in it now. For tools that compare all rows with those of the last time (Hightouch,
-- Census and the like): a row that is gone is a removal. The address is that of the channel chosen, no other.
with

members as (
    select * from {{ ref('audience_members') }}
),

settings as (
    select * from {{ ref('audience_settings') }}
),

contacts as (
    select * from {{ ref('customer_contacts') }}
)

select
    members.audience_member_id,
    members.audience,
    settings.destination,
    members.customer_id,
    members.external_id,
    members.channel,
    case when members.channel = 'email' then contacts.email end as email,
    case when members.channel = 'sms' then contacts.phone_e164 end as phone,
    contacts.first_name,
    members.reason,
    members.reason_detail,
    members.offer,
    members.offer_terms,
    members.send_not_before,
    members.expires_at,
    members.entered_at,
    members.updated_at,
    members.payload_hash
from members
inner join settings on members.audience = settings.audience
left join contacts on members.customer_id = contacts.customer_id
