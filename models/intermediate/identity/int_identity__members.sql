-- One record that can be matched, and the cluster of its account. The records of an erased person stay together though
-- what they were matched by is gone; a number below zero is a cluster that nothing else holds together any more.
with

remembered as (
    select
        customer_id,
        source_name,
        source_record_type,
        key_value as source_record_id
    from {{ source('state', 'erasures') }}
    where key_type = 'record'
),

matched as (
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
),

erased as (
    select
        records.source_name,
        records.source_record_type,
        records.source_record_id,
        records.recorded_at,
        matched.account_id,
        coalesce(
            min(matched.cluster_id) over (partition by remembered.customer_id),
            -dense_rank() over (order by remembered.customer_id)
        ) as cluster_id
    from remembered
    inner join {{ ref('int_customer_records__unioned') }} as records
        on
            remembered.source_name = records.source_name
            and remembered.source_record_type = records.source_record_type
            and remembered.source_record_id = records.source_record_id
    left join matched
        on
            remembered.source_name = matched.source_name
            and remembered.source_record_type = matched.source_record_type
            and remembered.source_record_id = matched.source_record_id
)

select
    matched.source_name,
    matched.source_record_type,
    matched.source_record_id,
    matched.recorded_at,
    matched.account_id,
    matched.cluster_id
from matched
anti join remembered
    on
        matched.source_name = remembered.source_name
        and matched.source_record_type = remembered.source_record_type
        and matched.source_record_id = remembered.source_record_id
union all
select
    source_name,
    source_record_type,
    source_record_id,
    recorded_at,
    account_id,
    cluster_id
from erased
