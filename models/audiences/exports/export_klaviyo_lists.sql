-- Grain: list (one for each audience) and profile. Klaviyo knows a profile by its address: the row has that of the
-- channel chosen, since a list stands for consent to a channel. Push has no lists, so it is not here. A row that is
-- gone is to be taken off the list.
with

members as (
    select * from {{ ref('audience_members') }}
    where channel in ('email', 'sms')
),

contacts as (
    select * from {{ ref('customer_contacts') }}
),

addressed as (
    select
        members.*,
        contacts.first_name,
        case when members.channel = 'email' then contacts.email end as email,
        case when members.channel = 'sms' then contacts.phone_e164 end as phone_number
    from members
    inner join contacts on members.customer_id = contacts.customer_id
)

select
    audience as list_name,
    customer_id,
    external_id,
    channel as consent_channel,
    email,
    phone_number,
    first_name,
    reason,
    offer,
    offer_terms,
    send_not_before,
    expires_at
from addressed
where email is not null or phone_number is not null
