-- One record that can be matched, and the cluster of its account. The records of an erased person stay together though
-- addresses that tied them are gone, here or at the source: clusters that are mostly this person's are one, and a
-- record that matches nothing any more goes there, else to a cluster of its own, whose number is below zero.
with

-- Who was merged since is one person.
newest_changes as (
    select
        old_customer_id,
        max_by(customer_id, change_number) as customer_id
    from {{ source('state', 'customer_id_changes') }}
    group by old_customer_id
),

remembered as (
    select
        coalesce(newest_changes.customer_id, erasures.customer_id) as customer_id,
        erasures.source_name,
        erasures.source_record_type,
        erasures.key_value as source_record_id
    from {{ source('state', 'erasures') }} as erasures
    left join newest_changes on erasures.customer_id = newest_changes.old_customer_id
    where erasures.key_type = 'record'
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

found as (
    select
        remembered.customer_id,
        remembered.source_name,
        remembered.source_record_type,
        remembered.source_record_id,
        matched.cluster_id
    from remembered
    left join matched
        on
            remembered.source_name = matched.source_name
            and remembered.source_record_type = matched.source_record_type
            and remembered.source_record_id = matched.source_record_id
),

shares as (
    select
        customer_id,
        cluster_id,
        count(*) as record_count
    from found
    where cluster_id is not null
    group by customer_id, cluster_id
),

sizes as (
    select
        matched.cluster_id,
        count(*) as record_count
    from matched
    semi join shares on matched.cluster_id = shares.cluster_id
    group by matched.cluster_id
),

homes as (
    select
        shares.customer_id,
        shares.cluster_id,
        min(shares.cluster_id) over (partition by shares.customer_id) as home_id
    from shares
    inner join sizes on shares.cluster_id = sizes.cluster_id
    where shares.record_count * 2 > sizes.record_count
),

numbered as (
    select
        remembered.customer_id,
        coalesce(min(homes.home_id), -row_number() over (order by remembered.customer_id)) as home_id
    from remembered
    left join homes on remembered.customer_id = homes.customer_id
    group by remembered.customer_id
)

select
    matched.source_name,
    matched.source_record_type,
    matched.source_record_id,
    matched.recorded_at,
    matched.account_id,
    coalesce(homes.home_id, matched.cluster_id) as cluster_id
from matched
left join homes on matched.cluster_id = homes.cluster_id
union all
select
    found.source_name,
    found.source_record_type,
    found.source_record_id,
    records.recorded_at,
    cast(null as bigint) as account_id,
    numbered.home_id as cluster_id
from found
inner join numbered on found.customer_id = numbered.customer_id
inner join {{ ref('int_customer_records__unioned') }} as records
    on
        found.source_name = records.source_name
        and found.source_record_type = records.source_record_type
        and found.source_record_id = records.source_record_id
where found.cluster_id is null
