-- One record of any system that may name a person, made before the cut.
with

records as (
    {{ union_subject('customer_records', [
        'pos', 'shopify', 'recharge', 'aftership', 'gorgias', 'talon_one', 'yotpo_loyalty', 'segment', 'braze', 'klaviyo',
        'yotpo', 'barilliance',
    ]) | indent(4) }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
)

select records.*
from records
cross join point_in_time
where records.recorded_at is null or records.recorded_at < point_in_time.cut_at
