-- What a member has in the programme with tiers in which something was booked last, else in any; who is several
-- members of it has the points of all and the highest tier. Points of two programmes are two currencies, and are not
-- added.
with

balances as (
    select * from {{ ref('loyalty_balances') }}
    where customer_id is not null
),

programmes as (
    select
        customer_id,
        programme,
        sum(points_available) as points_available,
        min(next_expire_on) as next_points_expire_on,
        max_by(tier, coalesce(tier_rank, -1)) as loyalty_tier,
        max(last_booked_at) as last_booked_at
    from balances
    group by customer_id, programme
)

select
    customer_id,
    programme as loyalty_programme,
    loyalty_tier,
    cast(points_available as decimal(18, 2)) as points_available,
    next_points_expire_on
from programmes
qualify row_number() over (
    partition by customer_id
    order by case when loyalty_tier is null then 1 else 0 end asc, last_booked_at desc, programme asc
) = 1
