{{ config(materialized='view') }}
-- One thing by which one request names who is to be forgotten: an identifier as it is compared, or, where a tool
-- deleted a profile, a record. Which tools count, seeds/erasure_signals.csv says. Not cut at as_of: a promise to forget
-- holds whatever day is looked at.
with

usual_country as (
    {{ usual_country() | indent(4) }}
),

-- An address that is everybody's names nobody.
quarantine as (
    select distinct
        identifier_type,
        split_part(identifier_value, '#', 1) as identifier_value
    from {{ ref('int_identity__quarantine') }}
),

listed as (
    select
        requests.*,
        {{ dialled_digits('requests.phone') }} as dialled
    from {{ ref('stg_privacy__erasure_requests') }} as requests
),

written as (
    select
        listed.requested_at,
        {{ email_match('listed.email') }} as email,
        {{ dialled_e164('listed.dialled', 'regions') }} as phone,
        case
            when listed.platform_customer_id like '%:%' then listed.platform_customer_id
            else {{ shopify_person('listed.platform_customer_id') }}
        end as customer_number,
        listed.loyalty_id
    from listed
    left join usual_country on listed.phone is not null
    left join {{ ref('phone_regions') }} as regions on usual_country.country_code = regions.region
),

named as (
    {%- for type in ['email', 'phone', 'customer_number', 'loyalty_id'] %}
    select
        'privacy' as requested_by,
        requested_at,
        '{{ type }}' as key_type,
        {{ type }} as key_value,
        cast(null as string) as source_record_type
    from written
    union all
    {%- endfor %}
    {%- for system in ['talon_one', 'yotpo_loyalty'] if var(
        {'talon_one': 'talon_one_profile_id', 'yotpo_loyalty': 'yotpo_loyalty_third_party_id'}[system]
    ) == 'other' %}
    -- A member whose id no other system knows is written with its system in front.
    select
        'privacy' as requested_by,
        requested_at,
        'loyalty_id' as key_type,
        '{{ system }}:' || loyalty_id as key_value,
        cast(null as string) as source_record_type
    from written
    union all
    {%- endfor %}
    select
        'braze' as requested_by,
        occurred_at as requested_at,
        'record' as key_type,
        user_id as key_value,
        'user' as source_record_type
    from {{ ref('stg_braze__user_events') }}
    where event = 'deleted'
    union all
    select
        'shopify' as requested_by,
        coalesce(updated_at, created_at) as requested_at,
        'record' as key_type,
        shop_url || ':' || shopify_customer_id as key_value,
        'customer' as source_record_type
    from {{ ref('stg_shopify__customers') }}
    where is_redacted
)

select
    named.requested_by,
    named.requested_at,
    named.key_type,
    named.key_value,
    case when named.key_type = 'record' then named.requested_by end as source_name,
    named.source_record_type
from named
inner join {{ ref('erasure_signals') }} as signals on named.requested_by = signals.source_name and signals.is_followed
anti join quarantine
    on named.key_type = quarantine.identifier_type and named.key_value = quarantine.identifier_value
where named.key_value is not null
