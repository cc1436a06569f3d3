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
    coalesce(lower({{ clean_text('email_consent.state') }}), '') = 'redacted'
    or coalesce(lower({{ clean_text('sms_consent.state') }}), '') = 'redacted' as is_redacted
from {{ ref('base_shopify__customers') }}
where row_status = 'staged'
