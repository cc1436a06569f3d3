-- One row per raw row of segment.identifies.
with

raw_identifies as (
    select * from {{ source('segment', 'identifies') }}
    where {{ loaded_in_time('received_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        {{ clean_text('raw_identifies.id') }} as identify_id,
        {{ clean_text('raw_identifies.anonymous_id') }} as anonymous_id,
        {{ folded_id(clean_text('raw_identifies.user_id')) }} as user_id,
        coalesce({{ to_utc('raw_identifies.timestamp') }}, {{ to_utc('raw_identifies.received_at') }}) as identified_at,
        {{ clean_text('raw_identifies.email') }} as email,
        {{ clean_text('raw_identifies.phone') }} as phone,
        {{ to_utc('raw_identifies.received_at') }} as loaded_at,
        {{ refuse('raw_identifies', {
            'id is missing': clean_text('raw_identifies.id') ~ ' is null',
            'neither timestamp nor received_at is a time': to_utc('raw_identifies.timestamp') ~ ' is null and '
                ~ to_utc('raw_identifies.received_at') ~ ' is null',
            'neither anonymous_id nor user_id is given': 'coalesce(' ~ clean_text('raw_identifies.anonymous_id') ~ ', '
                ~ clean_text('raw_identifies.user_id') ~ ') is null',
            'timestamp lies in the future': in_the_future(
                to_utc('raw_identifies.timestamp'), to_utc('raw_identifies.received_at')
            ),
        }) }}
    from raw_identifies
    cross join point_in_time
)

select
    identify_id,
    anonymous_id,
    user_id,
    identified_at,
    email,
    phone,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(key=['identify_id'], content=['identified_at', 'user_id', 'anonymous_id', 'email', 'phone']) }}
from typed
