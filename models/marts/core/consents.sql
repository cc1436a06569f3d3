-- Grain: one interval in which one person's consent to one channel for one purpose was one state; intervals of the
-- three have no gaps and do not overlap. The one with valid_to null is the state as of as_of. No interval means
-- unknown, and unknown is no.
select
    customer_id,
    channel,
    purpose,
    state,
    valid_from,
    valid_to,
    source,
    method,
    evidence
from {{ ref('int_consent__intervals') }}
