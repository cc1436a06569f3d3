-- Grain: one person who asked to be forgotten: what is left to prove it. Orders, points and other facts of the person
-- stay under customer_id and carry nothing personal.
with

records as (
    select
        customer_id,
        count(*) as record_count
    from {{ ref('int_identity__records') }}
    where is_erased
    group by customer_id
),

noticed as (
    select
        records.customer_id,
        min(erasures.noticed_at) as noticed_at
    from {{ ref('int_identity__records') }} as records
    inner join {{ ref('erasures') }} as erasures
        on
            erasures.key_type = 'record'
            and records.source_name = erasures.source_name
            and records.source_record_type = erasures.source_record_type
            and records.source_record_id = erasures.key_value
    where records.is_erased
    group by records.customer_id
)

select
    forgotten.customer_id,
    forgotten.requested_at,
    forgotten.requested_by,
    noticed.noticed_at,
    records.record_count
from {{ ref('int_identity__forgotten') }} as forgotten
inner join records on forgotten.customer_id = records.customer_id
left join noticed on forgotten.customer_id = noticed.customer_id
