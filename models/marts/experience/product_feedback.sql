-- Grain: one product that was sold, rated or sent back: what people say of it and do with it, over all time. Ratings
-- are of published reviews of the product, not of the shop. Trap: few ratings say little; sort by rating_low.
with

products as (
    select
        product_id,
        min(product_family) as product_family,
        min(category) as category
    from {{ ref('products') }}
    where product_id is not null
    group by product_id
),

bad_scores as (
    select * from {{ ref('satisfaction_rules') }}
    where evidence = 'review' and counts_as = 'bad'
),

sold as (
    select
        lines.product_id,
        sum(lines.quantity) as units_sold
    from {{ ref('order_lines') }} as lines
    inner join {{ ref('orders') }} as orders on lines.order_id = orders.order_id
    where (orders.is_valid or orders.invalid_reason = 'fully_refunded') and lines.quantity > 0
    group by lines.product_id
),

rated as (
    select
        reviews.product_id,
        count(*) as rating_count,
        sum(reviews.score) as rating_total,
        sum(reviews.score * reviews.score) as rating_squares,
        count(bad_scores.label) as bad_rating_count
    from {{ ref('reviews') }} as reviews
    left join bad_scores
        on reviews.score >= bad_scores.at_least and reviews.score <= coalesce(bad_scores.at_most, reviews.score)
    where reviews.is_published and not reviews.is_site_review and reviews.score is not null
    group by reviews.product_id
),

sent_back as (
    select
        lines.product_id,
        reasons.reason_group,
        sum(lines.quantity) as units
    from {{ ref('return_lines') }} as lines
    inner join {{ ref('returns') }} as returns on lines.return_id = returns.return_id
    left join {{ ref('int_returns__reasons') }} as reasons on lines.reason = reasons.reason
    where returns.return_state not in ('rejected', 'expired')
    group by lines.product_id, reasons.reason_group
),

ranked as (
    select
        *,
        row_number() over (partition by product_id order by units desc, reason_group asc nulls last) as position
    from sent_back
),

returned as (
    select
        product_id,
        sum(units) as units_returned,
        max(case when position = 1 then reason_group end) as main_return_reason
    from ranked
    group by product_id
)

select
    products.product_id,
    products.product_family,
    products.category,
    cast(round(coalesce(sold.units_sold, 0)) as bigint) as units_sold,
    cast(coalesce(rated.rating_count, 0) as bigint) as rating_count,
    {{ significant(ratio('rated.rating_total', 'rated.rating_count')) }} as rating,
    {{ significant(mean_interval('rated.rating_total', 'rated.rating_count', 'rated.rating_squares', 'low')) }}
        as rating_low,
    {{ significant(ratio('rated.bad_rating_count', 'rated.rating_count')) }} as bad_rating_share,
    cast(round(coalesce(returned.units_returned, 0)) as bigint) as units_returned,
    {{ significant(ratio(
        'least(coalesce(returned.units_returned, 0), sold.units_sold)', 'sold.units_sold'
    )) }} as units_returned_share,
    returned.main_return_reason
from products
left join sold on products.product_id = sold.product_id
left join rated on products.product_id = rated.product_id
left join returned on products.product_id = returned.product_id
where coalesce(sold.units_sold, rated.rating_count, returned.units_returned) is not null
