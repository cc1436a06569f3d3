-- What records of one system say together about one person: people repeat themselves, so that there are far fewer of
-- these than records. An e-mail as it is sent to, a phone number in E.164, names as written. An identifier that is kept
-- out of matching is nobody's contact. Those who asked to be forgotten have none.
with

people as (
    select * from {{ ref('int_identity__records') }}
    where customer_id is not null and not is_erased
),

records as (
    select * from {{ ref('int_customer_records__unioned') }}
),

sightings as (
    select * from {{ ref('int_identity__sightings') }}
),

quarantined_emails as (
    select identifier_value as email
    from {{ ref('int_identity__quarantine') }}
    where identifier_type = 'email'
),

-- Whoever had the number: #n stands for who had it after a silence.
quarantined_phones as (
    select distinct split_part(identifier_value, '#', 1) as phone_e164
    from {{ ref('int_identity__quarantine') }}
    where identifier_type = 'phone'
),

described as (
    select
        people.customer_id,
        people.source_name,
        people.source_record_type in ('order', 'sale') as is_order,
        people.source_record_type = 'customer' as is_account,
        people.recorded_at,
        sightings.email as compared_email,
        case when sightings.email is not null then lower(trim(records.email)) end as sent_email,
        sightings.is_email_verified,
        sightings.phone as phone_e164,
        case when sightings.first_name is not null then {{ clean_text('records.first_name') }} end as first_name,
        case when sightings.last_name is not null then {{ clean_text('records.last_name') }} end as last_name,
        upper({{ clean_text('records.country_code') }}) as country_code
    from people
    inner join sightings
        on
            people.source_name = sightings.source_name
            and people.source_record_type = sightings.source_record_type
            and people.source_record_id = sightings.source_record_id
    inner join records
        on
            people.source_name = records.source_name
            and people.source_record_type = records.source_record_type
            and people.source_record_id = records.source_record_id
),

counted as (
    select
        customer_id,
        source_name,
        is_order,
        is_account,
        compared_email,
        sent_email,
        is_email_verified,
        phone_e164,
        first_name,
        last_name,
        country_code,
        count(*) as record_count,
        max(recorded_at) as seen_at
    from described
    group by
        customer_id, source_name, is_order, is_account, compared_email, sent_email, is_email_verified, phone_e164,
        first_name, last_name, country_code
)

select
    counted.customer_id,
    counted.source_name,
    counted.is_order,
    counted.is_account,
    case when quarantined_emails.email is null then counted.sent_email end as email,
    counted.is_email_verified,
    case when quarantined_phones.phone_e164 is null then counted.phone_e164 end as phone_e164,
    counted.first_name,
    counted.last_name,
    counted.country_code,
    counted.record_count,
    counted.seen_at
from counted
left join quarantined_emails on counted.compared_email = quarantined_emails.email
left join quarantined_phones on counted.phone_e164 = quarantined_phones.phone_e164
