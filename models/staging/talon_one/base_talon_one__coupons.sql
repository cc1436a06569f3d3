-- One row per raw row of talon_one.coupons. A deleted coupon stays: what it did was done.
with

raw_coupons as (
    select * from {{ source('talon_one', 'coupons') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

typed as (
    select
        cast({{ whole_number('raw_coupons.id') }} as string) as coupon_id,
        upper({{ clean_text('raw_coupons.value') }}) as code,
        cast(nullif({{ whole_number('raw_coupons.campaign_id') }}, 0) as string) as campaign_id,
        nullif({{ whole_number('raw_coupons.usage_limit') }}, 0) as usage_limit,
        coalesce({{ whole_number('raw_coupons.usage_counter') }}, 0) as usage_count,
        try_cast(raw_coupons.discount_counter as decimal(18, 2)) as discount_amount,
        {{ clean_text('raw_coupons.recipient_integration_id') }} as recipient_profile_id,
        cast(nullif({{ whole_number('raw_coupons.referral_id') }}, 0) as string) as referral_id,
        {{ to_utc('raw_coupons.start_date') }} as starts_at,
        {{ to_utc('raw_coupons.expiry_date') }} as expires_at,
        {{ clean_text('raw_coupons.batch_id') }} as batch_id,
        {{ to_flag('raw_coupons.deleted') }} as is_deleted,
        {{ to_utc('raw_coupons._airbyte_extracted_at') }} as loaded_at,
        {{ refuse('raw_coupons', {
            'id is missing or not a number': whole_number('raw_coupons.id') ~ ' is null',
            'value is missing': clean_text('raw_coupons.value') ~ ' is null',
        }) }}
    from raw_coupons
)

select
    coupon_id,
    code,
    campaign_id,
    usage_limit,
    usage_count,
    discount_amount,
    recipient_profile_id,
    referral_id,
    starts_at,
    expires_at,
    batch_id,
    is_deleted,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['coupon_id'],
        content=['code', 'campaign_id', 'usage_count', 'discount_amount', 'expires_at', 'is_deleted']
    ) }}
from typed
