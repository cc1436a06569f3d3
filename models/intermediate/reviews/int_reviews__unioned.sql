-- One review written before the cut.
with

reviews as (
    {{ union_subject('reviews', ['yotpo']) | indent(4) }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
)

select
    reviews.*,
    cast({{ utc_to_local('reviews.reviewed_at', 'point_in_time.reporting_timezone') }} as date) as reviewed_on
from reviews
cross join point_in_time
where reviews.reviewed_at < point_in_time.cut_at
