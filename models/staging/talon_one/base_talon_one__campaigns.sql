-- One row per raw row of talon_one.campaigns.
with

raw_campaigns as (
    select * from {{ source('talon_one', 'campaigns') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

typed as (
    select
        cast({{ whole_number('raw_campaigns.id') }} as string) as campaign_id,
        {{ clean_text('raw_campaigns.name') }} as campaign_name,
        lower({{ clean_text('raw_campaigns.state') }}) as campaign_state,
        {{ to_utc('raw_campaigns.start_time') }} as starts_at,
        {{ to_utc('raw_campaigns.end_time') }} as ends_at,
        {{ parse_json('raw_campaigns.tags', ['string']) }} as tags,
        {{ to_utc('raw_campaigns._airbyte_extracted_at') }} as loaded_at,
        {{ refuse('raw_campaigns', {
            'id is missing or not a number': whole_number('raw_campaigns.id') ~ ' is null',
        }) }}
    from raw_campaigns
)

select
    campaign_id,
    campaign_name,
    campaign_state,
    starts_at,
    ends_at,
    tags,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(key=['campaign_id'], content=['campaign_name', 'campaign_state', 'starts_at', 'ends_at']) }}
from typed
