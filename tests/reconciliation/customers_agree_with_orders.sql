-- A customer's counts and money are those of the orders, and every person in the orders is a customer.
(
    select
        customer_id,
        count(*) as order_count,
        sum(net_revenue_reporting) as net_revenue
    from {{ ref('orders') }}
    where is_valid and customer_id is not null
    group by customer_id
    except
    select
        customer_id,
        order_count,
        net_revenue
    from {{ ref('customers') }}
)
union all
(
    select
        customer_id,
        order_count,
        net_revenue
    from {{ ref('customers') }}
    where order_count > 0
    except
    select
        customer_id,
        count(*) as order_count,
        sum(net_revenue_reporting) as net_revenue
    from {{ ref('orders') }}
    where is_valid and customer_id is not null
    group by customer_id
)
