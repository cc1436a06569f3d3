-- Grain: person, product or family, and reason why a message of it is out of place: subscribed to, just bought, sent
-- back.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

lines as (
    select
        orders.customer_id,
        lines.product_family,
        lines.product_id,
        orders.ordered_on
    from {{ ref('order_lines') }} as lines
    inner join {{ ref('orders') }} as orders on lines.order_id = orders.order_id
    where orders.is_valid and orders.customer_id is not null
)

select
    customer_id,
    product_family,
    product_id,
    'already_subscribed' as reason
from {{ ref('subscriptions') }}
where is_active
union
select
    lines.customer_id,
    lines.product_family,
    lines.product_id,
    'just_bought' as reason
from lines
cross join point_in_time
where {{ add_days('lines.ordered_on', threshold('just_bought_days')) }} > point_in_time.as_of
union
select
    returns.customer_id,
    return_lines.product_family,
    return_lines.product_id,
    'returned_it' as reason
from {{ ref('return_lines') }} as return_lines
inner join {{ ref('returns') }} as returns on return_lines.return_id = returns.return_id
cross join point_in_time
where {{ add_days('returns.requested_on', threshold('returned_days')) }} > point_in_time.as_of
