-- One value of one attribute (email, phone, name, country_code) of one person; survives marks the one that stands:
-- * email: verified first, then of the most recent order, then most recently seen
-- * phone, country_code: of the most recent order, then most recently seen
-- * name: on most orders and shop accounts, then most recently seen; value is the first name, both are of one record
-- Ties go by seeds/attribute_sources.csv, then by value.
with

told as (
    select * from {{ ref('int_customers__told') }}
),

priorities as (
    select * from {{ ref('attribute_sources') }}
),

-- A customer in a system that takes orders is an account of the shop, elsewhere an entry of somebody's address book.
shops as (
    select distinct source_name
    from told
    where is_order
),

told_values as (
    select
        customer_id,
        'email' as attribute,
        email as value,
        cast(null as string) as last_name,
        source_name,
        is_order,
        is_account,
        is_email_verified as is_verified,
        record_count,
        seen_at
    from told
    where email is not null
    union all
    select
        customer_id,
        'phone' as attribute,
        phone_e164 as value,
        cast(null as string) as last_name,
        source_name,
        is_order,
        is_account,
        false as is_verified,
        record_count,
        seen_at
    from told
    where phone_e164 is not null
    union all
    select
        customer_id,
        'name' as attribute,
        first_name as value,
        last_name,
        source_name,
        is_order,
        is_account,
        false as is_verified,
        record_count,
        seen_at
    from told
    where coalesce(first_name, last_name) is not null
    union all
    select
        customer_id,
        'country_code' as attribute,
        country_code as value,
        cast(null as string) as last_name,
        source_name,
        is_order,
        is_account,
        false as is_verified,
        record_count,
        seen_at
    from told
    where country_code is not null
),

-- A source without a row in the seed comes after all that have one.
placed as (
    select
        told_values.*,
        coalesce(priorities.priority, 1000000) as priority,
        told_values.is_order or (told_values.is_account and shops.source_name is not null) as is_of_the_shop
    from told_values
    left join priorities
        on told_values.attribute = priorities.attribute and told_values.source_name = priorities.source_name
    left join shops on told_values.source_name = shops.source_name
),

weighed as (
    select
        customer_id,
        attribute,
        value,
        last_name,
        min(priority) as priority,
        min_by(source_name, cast(1000000 + priority as string) || source_name) as source_name,
        max(case when is_verified then 1 else 0 end) as is_verified,
        max(case when is_order then seen_at end) as ordered_at,
        cast(sum(case when is_of_the_shop then record_count else 0 end) as bigint) as shop_record_count,
        cast(sum(record_count) as bigint) as record_count,
        max(seen_at) as seen_at
    from placed
    group by customer_id, attribute, value, last_name
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id, attribute
            order by
                is_verified desc,
                case when attribute = 'name' then shop_record_count else 0 end desc,
                case when attribute <> 'name' then ordered_at end desc nulls last,
                seen_at desc nulls last,
                priority asc,
                value asc nulls last,
                last_name asc nulls last
        ) as position
    from weighed
)

select
    customer_id,
    attribute,
    value,
    last_name,
    source_name,
    seen_at,
    record_count,
    position = 1 as survives
from ranked
