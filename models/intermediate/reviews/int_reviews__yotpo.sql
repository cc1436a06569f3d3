{{ config(materialized='view') }}
-- One review. It names no order: the order is that of the request that it followed, where the reviewer was asked for
-- it.
with

reviews as (
    select * from {{ ref('stg_yotpo__reviews') }}
),

requests as (
    select * from {{ ref('stg_yotpo__raw_data') }}
    where reviewed_at is not null and order_reference is not null
),

answered as (
    select
        reviews.review_id,
        requests.order_reference,
        row_number() over (
            partition by reviews.review_id
            order by
                abs({{ seconds_between('requests.reviewed_at', 'reviews.created_at') }}),
                requests.sent_at desc nulls last,
                requests.order_reference asc
        ) as position
    from reviews
    inner join requests
        on
            lower(reviews.email) = requests.email
            and reviews.product_id = requests.product_id
            and abs({{ days_between('cast(requests.reviewed_at as date)', 'cast(reviews.created_at as date)') }}) <= 1
)

select
    'yotpo:' || reviews.review_id as review_id,
    'yotpo' as source_name,
    'address' as source_record_type,
    {{ address_record_id('reviews.email') }} as source_record_id,
    case when reviews.product_id <> 'yotpo_site_reviews' then reviews.product_id end as product_id,
    answered.order_reference,
    reviews.product_id = 'yotpo_site_reviews' as is_site_review,
    reviews.score,
    reviews.sentiment,
    reviews.title,
    reviews.content as body,
    reviews.created_at as reviewed_at,
    not reviews.is_deleted and not reviews.is_archived as is_published,
    reviews.reviewer_type = 'verified_buyer' as is_verified_buyer,
    reviews.is_incentivized,
    reviews.incentive_type,
    reviews.votes_up,
    reviews.votes_down
from reviews
left join answered on reviews.review_id = answered.review_id and answered.position = 1
