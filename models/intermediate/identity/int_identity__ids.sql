-- One customer id that was ever issued and the one that stands for its cluster now: of several the one whose first
-- record is the earliest.
with

members as (
    select * from {{ ref('int_identity__members') }}
),

held as (
    {{ held_ids(ref('customer_ids'), 'members') | indent(4) }}
)

select
    customer_id as issued_customer_id,
    cluster_id,
    first_value(customer_id) over (partition by cluster_id order by issued_at asc nulls last, customer_id asc)
        as customer_id
from held
