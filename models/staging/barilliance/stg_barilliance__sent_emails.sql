select
    sent_at,
    email,
    email_type,
    -- The tens are the provider in the newer form; the kind is the units digit in both.
    email_type % 10 as email_kind
from {{ ref('base_barilliance__sent_emails') }}
where row_status = 'staged'
