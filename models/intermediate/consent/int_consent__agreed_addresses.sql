-- One address whose own last decision is a consent; '-' where none of the person's events names one. A refusal of the
-- same instant wins, and what is no decision (unknown) ends none.
select
    customer_id,
    channel,
    purpose,
    address
from {{ ref('int_consent__person_events') }}
group by customer_id, channel, purpose, address
having
    max(case when state = 'subscribed' then occurred_at end)
    > coalesce(max(case when state = 'unsubscribed' then occurred_at end), timestamp '1900-01-01 00:00:00')
