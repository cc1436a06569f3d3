-- One row per raw row of talon_one.customer_sessions. Closing and cancelling after the cut have not happened yet.
with

raw_sessions as (
    select * from {{ source('talon_one', 'customer_sessions') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

typed as (
    select
        {{ clean_text('raw_sessions.integration_id') }} as session_id,
        {{ clean_text('raw_sessions.profile_integration_id') }} as profile_id,
        {{ clean_text('raw_sessions.store_integration_id') }} as store_id,
        lower({{ clean_text('raw_sessions.state') }}) as session_state,
        try_cast(raw_sessions.total as decimal(18, 2)) as total_before_discounts,
        {{ parse_json('raw_sessions.coupons', ['string']) }} as coupon_codes,
        {{ clean_text('raw_sessions.referral') }} as referral_code,
        {{ to_utc('raw_sessions.created') }} as created_at,
        {{ to_utc('raw_sessions.updated') }} as updated_at,
        {{ to_utc('raw_sessions.closed_at') }} as closed_at,
        {{ to_utc('raw_sessions.cancelled_at') }} as cancelled_at,
        {{ to_utc('raw_sessions._airbyte_extracted_at') }} as loaded_at,
        point_in_time.cut_at,
        {{ refuse('raw_sessions', {
            'integration_id is missing': clean_text('raw_sessions.integration_id') ~ ' is null',
            'created is not a time': to_utc('raw_sessions.created') ~ ' is null',
            'closed_at is not a time': unreadable('raw_sessions.closed_at', 'timestamp'),
            'cancelled_at is not a time': unreadable('raw_sessions.cancelled_at', 'timestamp'),
        }) }}
    from raw_sessions
    cross join point_in_time
)

select
    session_id,
    profile_id,
    store_id,
    case
        when coalesce(closed_at, cancelled_at) >= cut_at then 'open'
        when session_state = 'cancelled' and cancelled_at >= cut_at then 'closed'
        else session_state
    end as session_state,
    total_before_discounts,
    coupon_codes,
    referral_code,
    created_at,
    updated_at,
    case when closed_at < cut_at then closed_at end as closed_at,
    case when cancelled_at < cut_at then cancelled_at end as cancelled_at,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['session_id'],
        changed_at='updated_at',
        content=['session_state', 'profile_id', 'total_before_discounts', 'referral_code', 'closed_at', 'cancelled_at']
    ) }}
from typed
