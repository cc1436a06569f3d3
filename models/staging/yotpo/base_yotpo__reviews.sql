-- One row per raw row of yotpo.reviews. Moderation moves updated_at, so that it is seen where the loader kept
-- versions.
with

raw_reviews as (
    select * from {{ source('yotpo', 'reviews') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        cast({{ whole_number('raw_reviews.id') }} as string) as review_id,
        {{ to_utc('raw_reviews.created_at') }} as created_at,
        coalesce({{ to_utc('raw_reviews.updated_at') }}, {{ to_utc('raw_reviews.created_at') }}) as updated_at,
        {{ whole_number('raw_reviews.score') }} as score,
        try_cast(raw_reviews.sentiment as decimal(18, 4)) as sentiment,
        {{ clean_text('raw_reviews.title') }} as title,
        {{ clean_text('raw_reviews.content') }} as content,
        {{ clean_text('raw_reviews.sku') }} as product_id,
        {{ clean_text('raw_reviews.email') }} as email,
        lower({{ clean_text('raw_reviews.reviewer_type') }}) as reviewer_type,
        {{ whole_number('raw_reviews.votes_up') }} as votes_up,
        {{ whole_number('raw_reviews.votes_down') }} as votes_down,
        {{ to_flag('raw_reviews.deleted') }} as is_deleted,
        {{ to_flag('raw_reviews.archived') }} as is_archived,
        {{ to_flag('raw_reviews.is_incentivized') }} as is_incentivized,
        lower({{ clean_text('raw_reviews.incentive_type') }}) as incentive_type,
        {{ to_utc('raw_reviews._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('raw_reviews', {
            'id is missing or not a number': whole_number('raw_reviews.id') ~ ' is null',
            'created_at is not a time': to_utc('raw_reviews.created_at') ~ ' is null',
            'created_at lies before the earliest plausible year':
                'year(' ~ to_utc('raw_reviews.created_at') ~ ') < ' ~ threshold('earliest_plausible_year'),
            'created_at lies in the future': in_the_future(
                to_utc('raw_reviews.created_at'), to_utc('raw_reviews._airbyte_extracted_at')
            ),
            'score is not a whole number from 1 to 5':
                'coalesce(' ~ whole_number('raw_reviews.score') ~ ' not between 1 and 5, true)',
        }) }}
    from raw_reviews
    cross join point_in_time
)

select
    review_id,
    created_at,
    updated_at,
    score,
    sentiment,
    title,
    content,
    product_id,
    email,
    reviewer_type,
    votes_up,
    votes_down,
    is_deleted,
    is_archived,
    is_incentivized,
    incentive_type,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['review_id'],
        changed_at='updated_at',
        content=['created_at', 'score', 'sentiment', 'title', 'content', 'product_id', 'email', 'reviewer_type', 'votes_up',
            'votes_down', 'is_deleted', 'is_archived', 'is_incentivized', 'incentive_type']
    ) }}
from typed
