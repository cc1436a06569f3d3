-- Grain: one way of matching and one measure of it, over the records whose person the relation custom_identity_truth
-- tells. Pairs are counted by group, so that a million records cost no more than a sort.
with

truth as (
    {{ union_subject('identity_truth', []) | indent(4) }}
),

records as (
    select * from {{ ref('int_identity__records') }}
),

components as (
    select
        accounts.account_key,
        linkable.cluster_id as component_id
    from {{ ref('int_identity__accounts') }} as accounts
    inner join {{ ref('int_identity__linkable') }} as linkable on accounts.account_id = linkable.node_id
),

sightings as (
    select * from {{ ref('int_identity__sightings') }}
),

quarantine as (
    select * from {{ ref('int_identity__quarantine') }}
    where identifier_type = 'email'
),

told as (
    select
        *,
        source_name || ':' || source_record_type || ':' || source_record_id as own_label
    from truth
),

-- A record that a way of matching cannot name is a person of its own.
labelled as (
    select
        truth.person_id,
        coalesce(records.customer_id, truth.own_label) as resolved,
        coalesce(case when quarantine.identifier_value is null then sightings.email end, truth.own_label) as email_only,
        components.component_id
    from told as truth
    inner join records
        on
            truth.source_name = records.source_name
            and truth.source_record_type = records.source_record_type
            and truth.source_record_id = records.source_record_id
    left join sightings
        on
            truth.source_name = sightings.source_name
            and truth.source_record_type = sightings.source_record_type
            and truth.source_record_id = sightings.source_record_id
    left join components on sightings.account_key = components.account_key
    left join quarantine on sightings.email = quarantine.identifier_value
),

ways as (
    select
        'all_identifiers' as method,
        person_id,
        resolved as label,
        component_id
    from labelled
    union all
    select
        'email_only' as method,
        person_id,
        email_only as label,
        component_id
    from labelled
),

blocks as (
    select
        method,
        person_id,
        label,
        component_id,
        count(*) as records
    from ways
    group by method, person_id, label, component_id
),

-- Of how many records, and of how many pairs of records, each grouping is made.
meetings as (
    select
        method,
        person_id,
        label,
        sum(records) as records
    from blocks
    group by method, person_id, label
),

people as (
    select
        method,
        person_id,
        sum(records) as records
    from meetings
    group by method, person_id
),

labels as (
    select
        method,
        label,
        sum(records) as records
    from meetings
    group by method, label
),

linkable as (
    select
        method,
        person_id,
        component_id,
        sum(records) as records
    from blocks
    where component_id is not null
    group by method, person_id, component_id
),

pair_counts as (
    select
        method,
        'right' as pairs,
        sum({{ pairs_of('records') }}) as pair_count
    from meetings
    group by method
    union all
    select
        method,
        'linked' as pairs,
        sum({{ pairs_of('records') }}) as pair_count
    from labels
    group by method
    union all
    select
        method,
        'true' as pairs,
        sum({{ pairs_of('records') }}) as pair_count
    from people
    group by method
    union all
    select
        method,
        'linkable' as pairs,
        sum({{ pairs_of('records') }}) as pair_count
    from linkable
    group by method
),

pairs as (
    select
        method,
        max(pair_count) filter (where pairs = 'right') as right_pairs,
        max(pair_count) filter (where pairs = 'linked') as linked_pairs,
        max(pair_count) filter (where pairs = 'true') as true_pairs,
        max(pair_count) filter (where pairs = 'linkable') as linkable_pairs
    from pair_counts
    group by method
),

-- B-cubed: the mean over records of the share of their group that is right.
b_cubed as (
    select
        meetings.method,
        sum(meetings.records * meetings.records / cast(labels.records as double)) / sum(meetings.records) as precise,
        sum(meetings.records * meetings.records / cast(people.records as double)) / sum(meetings.records) as complete
    from meetings
    inner join labels on meetings.method = labels.method and meetings.label = labels.label
    inner join people on meetings.method = people.method and meetings.person_id = people.person_id
    group by meetings.method
),

measured as (
    select
        method,
        'pairwise_precision' as measure,
        right_pairs as numerator,
        linked_pairs as denominator,
        {{ ratio('right_pairs', 'linked_pairs') }} as value
    from pairs
    union all
    select
        method,
        'pairwise_recall' as measure,
        right_pairs as numerator,
        true_pairs as denominator,
        {{ ratio('right_pairs', 'true_pairs') }} as value
    from pairs
    union all
    select
        method,
        'pairwise_recall_of_linkable' as measure,
        right_pairs as numerator,
        linkable_pairs as denominator,
        {{ ratio('right_pairs', 'linkable_pairs') }} as value
    from pairs
    union all
    select
        method,
        'b_cubed_f1' as measure,
        cast(null as bigint) as numerator,
        cast(null as bigint) as denominator,
        {{ ratio('2 * precise * complete', 'precise + complete') }} as value
    from b_cubed
)

select
    method,
    measure,
    cast(numerator as bigint) as numerator,
    cast(denominator as bigint) as denominator,
    {{ significant('value') }} as value
from measured
