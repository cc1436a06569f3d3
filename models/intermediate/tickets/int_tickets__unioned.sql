-- One ticket opened before the cut.
with

tickets as (
    {{ union_subject('tickets', ['gorgias']) | indent(4) }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
)

select tickets.*
from tickets
cross join point_in_time
where tickets.opened_at < point_in_time.cut_at
