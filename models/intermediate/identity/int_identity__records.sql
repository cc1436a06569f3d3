-- One record with the person behind it: the platform's customer id, else the loyalty id, else the e-mail as compared.
-- customer_id is null where none of them is usable (a walk-in).
with

records as (
    select * from {{ ref('int_customer_records__unioned') }}
),

-- dbt's own reader of CSV, which Spark depends on, takes the word null for no value.
blocked as (
    select
        identifier_type,
        coalesce(identifier_value, 'null') as identifier_value
    from {{ ref('blocked_identifiers') }}
),

usable as (
    select
        records.source_name,
        records.source_record_type,
        records.source_record_id,
        records.recorded_at,
        records.platform_customer_id,
        -- Zeros and dashes alone are what forms hold before somebody fills them in.
        case
            when
                blocked_loyalty_ids.identifier_value is null
                and not {{ matches('records.loyalty_id', '^[0-]*$') }}
                then records.loyalty_id
        end as loyalty_id,
        case when blocked_emails.identifier_value is null then {{ email_match('records.email') }} end as email
    from records
    left join blocked as blocked_loyalty_ids
        on
            blocked_loyalty_ids.identifier_type = 'loyalty_id'
            and lower(records.loyalty_id) = blocked_loyalty_ids.identifier_value
    left join blocked as blocked_emails
        on
            blocked_emails.identifier_type = 'email'
            and lower(trim(records.email)) = blocked_emails.identifier_value
),

keyed as (
    select
        source_name,
        source_record_type,
        source_record_id,
        recorded_at,
        coalesce(
            'platform:' || platform_customer_id,
            'loyalty:' || loyalty_id,
            'email:' || email
        ) as person_key
    from usable
)

select
    source_name,
    source_record_type,
    source_record_id,
    recorded_at,
    {{ customer_id_from('person_key') }} as customer_id
from keyed
