-- One person whose time zone can be told: the newest that a tool noted of the person; else that of the country, where
-- one clock holds in all of it; else that of the stores where the person bought most often. Others have no row.
with

told as (
    select * from {{ ref('int_time_zones__braze') }}
    union all
    select * from {{ ref('int_time_zones__pos') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
    where customer_id is not null
),

countries as (
    select * from {{ ref('int_customers__attributes') }}
    where attribute = 'country_code' and survives
),

counted as (
    select
        records.customer_id,
        told.is_persons_own,
        told.source_name,
        told.time_zone,
        count(*) as record_count,
        max(told.seen_at) as seen_at
    from told
    inner join records
        on
            told.source_name = records.source_name
            and told.source_record_type = records.source_record_type
            and told.source_record_id = records.source_record_id
    group by records.customer_id, told.is_persons_own, told.source_name, told.time_zone
),

candidates as (
    select
        customer_id,
        case when is_persons_own then 1 else 3 end as preference,
        case when is_persons_own then 0 else record_count end as purchase_count,
        seen_at,
        source_name,
        time_zone
    from counted
    union all
    select
        countries.customer_id,
        2 as preference,
        0 as purchase_count,
        countries.seen_at,
        'country_code' as source_name,
        zones.time_zone
    from countries
    inner join {{ ref('country_time_zones') }} as zones on countries.value = zones.country_code
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by preference asc, purchase_count desc, seen_at desc nulls last, time_zone asc, source_name asc
        ) as position
    from candidates
)

select
    customer_id,
    time_zone,
    source_name
from ranked
where position = 1
