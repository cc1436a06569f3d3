-- What one version of a customer says about one channel. The deprecated accepts_marketing is read only where the
-- newer object is missing; not accepting is a refusal only if it was set after the account began.
with

customers as (
    select * from {{ ref('base_shopify__customers') }}
    where row_status in ('staged', 'duplicate')
),

statements as (
    select
        customers.*,
        'email' as channel,
        email as address,
        email_consent as consent
    from customers
    where email_consent is not null
    union all
    select
        customers.*,
        'sms' as channel,
        phone as address,
        sms_consent as consent
    from customers
    where sms_consent is not null
),

read_out as (
    select
        shop_url || ':' || shopify_customer_id as record_id,
        channel,
        address,
        lower({{ clean_text('consent.state') }}) as said,
        {{ to_utc('consent.consent_updated_at') }} as stated_at,
        created_at,
        coalesce(updated_at, loaded_at) as seen_at,
        loaded_at,
        coalesce(lower({{ clean_text('consent.opt_in_level') }}), 'account') as method
    from statements
    union all
    select
        shop_url || ':' || shopify_customer_id as record_id,
        'email' as channel,
        email as address,
        case
            when accepts_marketing then 'subscribed'
            when accepts_marketing_updated_at > created_at then 'unsubscribed'
            else 'not_subscribed'
        end as said,
        accepts_marketing_updated_at as stated_at,
        created_at,
        coalesce(updated_at, loaded_at) as seen_at,
        loaded_at,
        'accepts_marketing' as method
    from customers
    where email_consent is null and accepts_marketing is not null
)

select
    record_id,
    channel,
    address,
    -- Whoever was redacted gets nothing more; pending, invalid and never asked are no decision.
    case
        when said = 'subscribed' then 'subscribed'
        when said in ('unsubscribed', 'redacted') then 'unsubscribed'
        else 'unknown'
    end as state,
    stated_at,
    created_at,
    seen_at,
    loaded_at,
    method,
    said as evidence
from read_out
