-- One row per raw row of shopify.customers. A customer row is overwritten by the platform: it cannot be rewound.
{%- set consent_shape = {'state': 'string', 'opt_in_level': 'string', 'consent_updated_at': 'string'} %}
with

raw_customers as (
    select * from {{ shopify_rows('customers') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        cast({{ whole_number('raw_customers.id') }} as string) as shopify_customer_id,
        coalesce({{ clean_text('raw_customers.shop_url') }}, '-') as shop_url,
        {{ clean_text('raw_customers.email') }} as email,
        {{ clean_text('raw_customers.phone') }} as phone,
        {{ clean_text('raw_customers.first_name') }} as first_name,
        {{ clean_text('raw_customers.last_name') }} as last_name,
        {{ to_utc('raw_customers.created_at') }} as created_at,
        {{ to_utc('raw_customers.updated_at') }} as updated_at,
        coalesce(try_cast(raw_customers.verified_email as boolean), false) as is_email_verified,
        {{ clean_text('raw_customers.tags') }} as tags,
        upper({{ clean_text(
            parse_json('raw_customers.default_address', {'country_code': 'string'}) ~ '.country_code'
        ) }}) as country_code,
        {{ parse_json('raw_customers.email_marketing_consent', consent_shape) }} as email_consent,
        {{ parse_json('raw_customers.sms_marketing_consent', consent_shape) }} as sms_consent,
        try_cast(raw_customers.accepts_marketing as boolean) as accepts_marketing,
        {{ to_utc('raw_customers.accepts_marketing_updated_at') }} as accepts_marketing_updated_at,
        {{ to_utc('raw_customers._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('raw_customers', {
            'id is missing or not a number': whole_number('raw_customers.id') ~ ' is null',
            'email_marketing_consent is not an object': unreadable_json(
                'raw_customers.email_marketing_consent',
                parse_json('raw_customers.email_marketing_consent', consent_shape)
            ),
            'sms_marketing_consent is not an object': unreadable_json(
                'raw_customers.sms_marketing_consent', parse_json('raw_customers.sms_marketing_consent', consent_shape)
            ),
        }) }}
    from raw_customers
    cross join point_in_time
)

select
    shopify_customer_id,
    shop_url,
    email,
    phone,
    first_name,
    last_name,
    created_at,
    updated_at,
    is_email_verified,
    tags,
    country_code,
    email_consent,
    sms_consent,
    accepts_marketing,
    accepts_marketing_updated_at,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['shop_url', 'shopify_customer_id'],
        changed_at='updated_at',
        content=['email', 'phone', 'first_name', 'last_name', 'tags', 'country_code',
            'created_at', 'is_email_verified', 'email_consent.state', 'email_consent.consent_updated_at',
            'sms_consent.state', 'sms_consent.consent_updated_at', 'accepts_marketing', 'accepts_marketing_updated_at',
            'email_consent.opt_in_level', 'sms_consent.opt_in_level']
    ) }}
from typed
