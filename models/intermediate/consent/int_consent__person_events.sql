-- One thing said about one person and one of the person's addresses. What names no address (push, an anonymised
-- event) is about all of them. A refusal holds for everybody who uses the address that it was given for; a consent
-- only for who gave it. Those who asked to be forgotten agreed to nothing; what they refused for a shared address
-- holds.
with

events as (
    select * from {{ ref('int_consent_events__unioned') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
    where customer_id is not null and not is_erased
),

addresses as (
    {%- for channel, column in {'email': 'email', 'sms': 'phone', 'whatsapp': 'phone'}.items() %}
    {{ 'union' if not loop.first }}
    select distinct
        '{{ channel }}' as channel,
        {{ address_match('all_records.' ~ column, "'" ~ channel ~ "'") }} as address,
        records.customer_id
    from {{ ref('int_customer_records__unioned') }} as all_records
    inner join records
        on
            all_records.source_name = records.source_name
            and all_records.source_record_type = records.source_record_type
            and all_records.source_record_id = records.source_record_id
    where all_records.{{ column }} is not null
    {%- endfor %}
),

persons as (
    select
        records.customer_id,
        events.channel,
        events.purpose,
        events.state,
        events.occurred_at,
        events.address,
        events.source_name,
        events.method,
        events.evidence
    from events
    inner join records
        on
            events.source_name = records.source_name
            and events.source_record_type = records.source_record_type
            and events.source_record_id = records.source_record_id
    union
    select
        addresses.customer_id,
        events.channel,
        events.purpose,
        events.state,
        events.occurred_at,
        events.address,
        events.source_name,
        events.method,
        events.evidence
    from events
    inner join addresses on events.channel = addresses.channel and events.address = addresses.address
    where events.state = 'unsubscribed'
),

spoken_of as (
    select distinct
        customer_id,
        channel,
        purpose,
        address
    from persons
    where address is not null
)

select
    persons.customer_id,
    persons.channel,
    persons.purpose,
    coalesce(persons.address, spoken_of.address, '-') as address,
    persons.state,
    persons.occurred_at,
    persons.source_name,
    persons.method,
    persons.evidence
from persons
left join spoken_of
    on
        case when persons.address is null then persons.customer_id end = spoken_of.customer_id
        and persons.channel = spoken_of.channel
        and persons.purpose = spoken_of.purpose
