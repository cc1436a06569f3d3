-- One person with a subscription that runs, paused ones included.
with

families as (
    select
        customer_id,
        product_family,
        count(*) as subscription_count
    from {{ ref('subscriptions') }}
    where is_active and customer_id is not null
    group by customer_id, product_family
)

select
    customer_id,
    cast(sum(subscription_count) as bigint) as active_subscription_count,
    '[' || coalesce({{ join_texts(json_string('product_family'), ', ', 'product_family') }}, '') || ']'
        as subscribed_product_families
from families
group by customer_id
