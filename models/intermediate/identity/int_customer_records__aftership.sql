{{ config(materialized='view') }}
-- One tracking or return as a sighting of a person. Of the people on a parcel the buyer counts before the recipient.
with

trackings as (
    select * from {{ ref('stg_aftership__trackings') }}
),

people as (
    select
        tracking_id,
        {{ explode('people') }} as person
    from trackings
),

ranked as (
    select
        tracking_id,
        {{ clean_text('person.email') }} as email,
        {{ clean_text('person.phone_number') }} as phone,
        {{ clean_text('person.name') }} as full_name,
        row_number() over (
            partition by tracking_id
            order by
                case when lower(person.role) = 'buyer' then 0 else 1 end asc, person.email asc nulls last,
                person.phone_number asc nulls last
        ) as position
    from people
)

select
    'aftership' as source_name,
    'tracking' as source_record_type,
    trackings.tracking_id as source_record_id,
    trackings.created_at as recorded_at,
    cast(null as string) as platform_customer_id,
    cast(null as string) as loyalty_id,
    ranked.email,
    ranked.phone,
    {{ first_word('ranked.full_name') }} as first_name,
    {{ last_word('ranked.full_name') }} as last_name,
    false as is_email_verified,
    cast(null as string) as country_code
from trackings
left join ranked on trackings.tracking_id = ranked.tracking_id and ranked.position = 1
union all
select
    'aftership' as source_name,
    'return' as source_record_type,
    return_id as source_record_id,
    requested_at as recorded_at,
    cast(null as string) as platform_customer_id,
    cast(null as string) as loyalty_id,
    email,
    cast(null as string) as phone,
    cast(null as string) as first_name,
    cast(null as string) as last_name,
    false as is_email_verified,
    cast(null as string) as country_code
from {{ ref('stg_aftership__returns') }}
