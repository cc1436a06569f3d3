-- Grain: one identifier that nobody is matched by. Review it: a shop's own counter belongs here, a large family may
-- not; then change seeds/identity_rules.csv or seeds/blocked_identifiers.csv.
select
    identifier_type,
    {{ shown_identifier('identifier_type', 'identifier_value') }} as identifier_value,
    reason,
    distinct_people,
    record_count
from {{ ref('int_identity__quarantine') }}
