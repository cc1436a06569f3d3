-- One account: records that say the same about who they belong to. Numbered, since numbers are compared faster.
with

accounts as (
    select
        account_key,
        min(customer_number) as customer_number,
        min(loyalty_id) as loyalty_id,
        min(email) as email,
        min(phone) as phone,
        min(first_name) as first_name,
        min(last_name) as last_name,
        min(own_key) as own_key,
        max(case when is_email_verified then 1 else 0 end) = 1 as is_email_verified,
        count(*) as record_count,
        min(recorded_at) as first_seen_at,
        max(recorded_at) as last_seen_at
    from {{ ref('int_identity__sightings') }}
    group by account_key
)

select
    row_number() over (order by account_key) as account_id,
    account_key,
    customer_number,
    loyalty_id,
    email,
    phone,
    first_name,
    last_name,
    own_key,
    is_email_verified,
    record_count,
    first_seen_at,
    last_seen_at
from accounts
