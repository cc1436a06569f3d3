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
    ranked.phone
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
    cast(null as string) as phone
from {{ ref('stg_aftership__returns') }}
