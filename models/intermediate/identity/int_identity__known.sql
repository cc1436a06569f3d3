-- One identifier of one person as state.erasures writes it, those that are everybody's left out. phone_tail, the last
-- digits, finds a number in text and matches nobody.
with

records as (
    select * from {{ ref('int_identity__assigned') }}
    where customer_id is not null
),

told as (
    select
        records.customer_id,
        sightings.recorded_at,
        sightings.customer_number,
        sightings.loyalty_id,
        sightings.email,
        sightings.phone
    from {{ ref('int_identity__sightings') }} as sightings
    inner join records
        on
            sightings.source_name = records.source_name
            and sightings.source_record_type = records.source_record_type
            and sightings.source_record_id = records.source_record_id
),

quarantine as (
    select distinct
        identifier_type,
        split_part(identifier_value, '#', 1) as identifier_value
    from {{ ref('int_identity__quarantine') }}
),

identifiers as (
    {%- for type in ['customer_number', 'loyalty_id', 'email', 'phone'] %}
    {{ 'union all' if not loop.first }}
    select
        customer_id,
        '{{ type }}' as key_type,
        {{ type }} as key_value,
        min(recorded_at) as first_seen_at
    from told
    where {{ type }} is not null
    group by customer_id, {{ type }}
    {%- endfor %}
),

usable as (
    select
        identifiers.*,
        count(*) over (partition by identifiers.key_type, identifiers.key_value) as people_count
    from identifiers
    anti join quarantine
        on
            identifiers.key_type = quarantine.identifier_type
            and identifiers.key_value = quarantine.identifier_value
)

select
    customer_id,
    key_type,
    {{ shown_identifier('key_type', 'key_value') }} as key_value,
    first_seen_at,
    people_count
from usable
union all
select
    customer_id,
    'phone_tail' as key_type,
    {{ phone_tail_key('key_value') }} as key_value,
    first_seen_at,
    people_count
from usable
where key_type = 'phone'
