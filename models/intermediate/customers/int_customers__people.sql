-- One person, with or without orders.
select
    customer_id,
    count(distinct source_name) as source_count
from {{ ref('int_identity__records') }}
where customer_id is not null
group by customer_id
