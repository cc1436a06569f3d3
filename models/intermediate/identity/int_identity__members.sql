-- One record that can be matched, and the cluster of its account.
select
    sightings.source_name,
    sightings.source_record_type,
    sightings.source_record_id,
    sightings.recorded_at,
    accounts.account_id,
    clusters.cluster_id
from {{ ref('int_identity__sightings') }} as sightings
inner join {{ ref('int_identity__accounts') }} as accounts on sightings.account_key = accounts.account_key
inner join {{ ref('int_identity__clusters') }} as clusters on accounts.account_id = clusters.node_id
