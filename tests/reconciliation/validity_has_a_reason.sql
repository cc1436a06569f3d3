-- An order is valid or has a reason, valid orders of a person are numbered 1, 2, 3..., and exactly one is the first.
with

people as (
    select
        customer_id,
        count(*) filter (where is_valid) as valid_count,
        max(order_sequence) as last_sequence,
        count(distinct order_sequence) as sequence_count,
        count(*) filter (where is_first_order) as first_count
    from {{ ref('orders') }}
    where customer_id is not null
    group by customer_id
)

select customer_id as broken
from people
where
    valid_count <> coalesce(last_sequence, 0)
    or valid_count <> sequence_count
    or first_count <> least(valid_count, 1)
union all
select order_id as broken
from {{ ref('orders') }}
where
    is_valid <> (invalid_reason is null)
    or (order_sequence is not null) <> (is_valid and customer_id is not null)
