-- One person, with or without orders.
select
    customer_id,
    count(distinct source_name) as source_count,
    max(case when is_erased then 1 else 0 end) = 1 as is_erased
from {{ ref('int_identity__records') }}
where customer_id is not null
group by customer_id
