-- One row per raw row of privacy.erasure_requests.
with

raw_requests as (
    select * from {{ source('privacy', 'erasure_requests') }}
    where {{ loaded_in_time('_loaded_at') }}
),

typed as (
    select
        {{ clean_text('raw_requests.request_id') }} as request_id,
        {{ to_utc('raw_requests.requested_at') }} as requested_at,
        {{ clean_text('raw_requests.email') }} as email,
        {{ clean_text('raw_requests.phone') }} as phone,
        {{ clean_text('raw_requests.platform_customer_id') }} as platform_customer_id,
        {{ clean_text('raw_requests.loyalty_id') }} as loyalty_id,
        {{ to_utc('raw_requests._loaded_at') }} as loaded_at,
        {{ refuse('raw_requests', {
            'request_id is missing': clean_text('raw_requests.request_id') ~ ' is null',
            'email is not an address': clean_text('raw_requests.email') ~ ' is not null and '
                ~ email_match('raw_requests.email') ~ ' is null',
            'it names nobody': 'coalesce('
                ~ clean_text('raw_requests.email') ~ ', ' ~ clean_text('raw_requests.phone') ~ ', '
                ~ clean_text('raw_requests.platform_customer_id') ~ ', ' ~ clean_text('raw_requests.loyalty_id')
                ~ ') is null',
        }) }}
    from raw_requests
)

select
    request_id,
    requested_at,
    email,
    phone,
    platform_customer_id,
    loyalty_id,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['request_id'],
        content=['requested_at', 'email', 'phone', 'platform_customer_id', 'loyalty_id']
    ) }}
from typed
