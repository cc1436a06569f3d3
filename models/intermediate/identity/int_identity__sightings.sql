-- One record with what it could be matched by, as compared. Records that say the same, first name included, are one
-- account; account_key is what they say. A record that seeds/identity_overrides.csv names is an account of its own, and
-- a number alone is an account a day, since somebody else may have it next year.
with

records as (
    select
        *,
        {{ dialled_digits('phone') }} as dialled
    from {{ ref('int_customer_records__unioned') }}
),

overrides as (
    select * from {{ ref('identity_overrides') }}
),

overridden as (
    select
        left_source_name as source_name,
        left_record_type as source_record_type,
        left_record_id as source_record_id
    from overrides
    union
    select
        right_source_name as source_name,
        right_record_type as source_record_type,
        right_record_id as source_record_id
    from overrides
),

usual_country as (
    {{ usual_country() | indent(4) }}
),

normalised as (
    select
        records.source_name,
        records.source_record_type,
        records.source_record_id,
        records.recorded_at,
        records.platform_customer_id as customer_number,
        records.loyalty_id,
        {{ email_match('records.email') }} as email,
        {{ dialled_e164('records.dialled', 'regions') }} as phone,
        {{ name_match(first_word(clean_text('records.first_name'))) }} as first_name,
        {{ name_match('records.last_name') }} as last_name,
        coalesce(records.is_email_verified, false) as is_email_verified,
        case
            when overridden.source_name is not null
                then records.source_name || ':' || records.source_record_type || ':' || records.source_record_id
        end as own_key
    from records
    left join usual_country on records.country_code is null
    left join {{ ref('phone_regions') }} as regions
        on coalesce(records.country_code, usual_country.country_code) = regions.region
    left join overridden
        on
            records.source_name = overridden.source_name
            and records.source_record_type = overridden.source_record_type
            and records.source_record_id = overridden.source_record_id
)

select
    source_name,
    source_record_type,
    source_record_id,
    recorded_at,
    customer_number,
    loyalty_id,
    email,
    phone,
    first_name,
    last_name,
    is_email_verified,
    own_key,
    coalesce(customer_number, '') || chr(31) || coalesce(loyalty_id, '') || chr(31) || coalesce(email, '') || chr(31)
    || coalesce(phone, '') || chr(31) || coalesce(first_name, '') || chr(31) || coalesce(last_name, '') || chr(31)
    || coalesce(own_key, '')
    || case
        when coalesce(customer_number, loyalty_id, email, first_name) is null
            then chr(31) || coalesce(cast(cast(recorded_at as date) as string), '')
        else ''
    end as account_key
from normalised
where coalesce(customer_number, loyalty_id, email, phone) is not null
