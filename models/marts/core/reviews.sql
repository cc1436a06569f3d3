-- Grain: one review. Those taken down or hidden are here and not published: leave them out of ratings, not out of
-- service.
with

reviews as (
    select * from {{ ref('int_reviews__unioned') }}
),

records as (
    select * from {{ ref('int_identity__records') }}
),

order_references as (
    select * from {{ ref('int_orders__references') }}
)

select
    reviews.review_id,
    reviews.source_name,
    records.customer_id,
    order_references.order_id,
    reviews.product_id,
    reviews.is_site_review,
    reviews.score,
    reviews.sentiment,
    case when not coalesce(records.is_erased, false) then reviews.title end as title,
    case when not coalesce(records.is_erased, false) then reviews.body end as body,
    reviews.reviewed_at,
    reviews.reviewed_on,
    reviews.is_published,
    reviews.is_verified_buyer,
    reviews.is_incentivized,
    reviews.incentive_type,
    reviews.votes_up,
    reviews.votes_down
from reviews
left join records
    on
        reviews.source_name = records.source_name
        and reviews.source_record_type = records.source_record_type
        and reviews.source_record_id = records.source_record_id
left join order_references on lower(reviews.order_reference) = order_references.reference
