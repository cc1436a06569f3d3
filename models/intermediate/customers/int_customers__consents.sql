-- One person's consent to marketing as of as_of, by channel. The intervals hold the strictest state of all addresses.
select
    customer_id,
    max(case when channel = 'email' then state end) as email_consent,
    max(case when channel = 'sms' then state end) as sms_consent,
    max(case when channel = 'push' then state end) as push_consent
from {{ ref('consents') }}
where purpose = 'marketing' and valid_to is null
group by customer_id
