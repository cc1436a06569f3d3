{{ config(materialized='view') }}
-- One user of the site, or one browser that told an e-mail or phone and no user. Traits are the newest told before the
-- cut.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

identifies as (
    select identifies.*
    from {{ ref('stg_segment__identifies') }} as identifies
    cross join point_in_time
    where identifies.identified_at < point_in_time.cut_at
),

told as (
    select
        case when user_id is null then 'browser' else 'user' end as record_type,
        coalesce(user_id, anonymous_id) as record_id,
        user_id,
        email,
        phone,
        identified_at,
        row_number() over (
            partition by user_id is null, coalesce(user_id, anonymous_id)
            order by identified_at, identify_id
        ) as position
    from identifies
    where user_id is not null or coalesce(email, phone) is not null
),

records as (
    select
        record_type,
        record_id,
        user_id,
        max_by(email, position) filter (where email is not null) as email_trait,
        max_by(phone, position) filter (where phone is not null) as phone,
        min(identified_at) as first_seen_at
    from told
    group by record_type, record_id, user_id
),

visitors as (
    select
        user_id,
        min(occurred_at) as first_seen_at
    from {{ ref('stg_segment__events') }}
    where user_id is not null
    group by user_id
),

everybody as (
    select
        coalesce(records.record_type, 'user') as record_type,
        coalesce(records.record_id, visitors.user_id) as record_id,
        coalesce(records.user_id, visitors.user_id) as user_id,
        records.email_trait,
        records.phone,
        least(
            coalesce(records.first_seen_at, visitors.first_seen_at),
            coalesce(visitors.first_seen_at, records.first_seen_at)
        ) as first_seen_at
    from records
    full outer join visitors on records.user_id = visitors.user_id
)

select
    'segment' as source_name,
    record_type as source_record_type,
    {{ foreign_record_id('record_id') }} as source_record_id,
    first_seen_at as recorded_at,
    {{ foreign_id('user_id', var('segment_user_id'), 'email_trait') }},
    phone,
    cast(null as string) as first_name,
    cast(null as string) as last_name,
    false as is_email_verified,
    cast(null as string) as country_code
from everybody
