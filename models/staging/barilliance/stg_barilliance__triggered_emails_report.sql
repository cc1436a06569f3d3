select
    sent_on,
    site_id,
    rule_number,
    email_type,
    email_type % 10 as email_kind,
    sent_count,
    opened_count,
    clicked_count,
    converted_count
from {{ ref('base_barilliance__triggered_emails_report') }}
where row_status = 'staged'
