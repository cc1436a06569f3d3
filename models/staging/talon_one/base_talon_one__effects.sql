-- One row per raw row of talon_one.effects. There is no effect id: what was answered, by which rule, with what, is the
-- key.
with

raw_effects as (
    select * from {{ source('talon_one', 'effects') }}
    where {{ loaded_in_time('_airbyte_extracted_at') }}
),

typed as (
    select
        cast({{ whole_number('raw_effects.event_id') }} as string) as event_id,
        {{ whole_number('raw_effects.event_id') }} as event_number,
        lower({{ clean_text('raw_effects.event_type') }}) as event_type,
        {{ clean_text('raw_effects.name') }} as effect_name,
        cast({{ whole_number('raw_effects.ruleset_id') }} as string) as ruleset_id,
        cast({{ whole_number('raw_effects.rule_index') }} as string) as rule_index,
        cast(nullif({{ whole_number('raw_effects.campaign_id') }}, 0) as string) as campaign_id,
        cast(nullif({{ whole_number('raw_effects.coupon_id') }}, 0) as string) as coupon_id,
        {{ clean_text('raw_effects.session_integration_id') }} as session_id,
        {{ clean_text('raw_effects.profile_integration_id') }} as profile_id,
        {{ to_utc('raw_effects.created') }} as created_at,
        coalesce({{ clean_text('raw_effects.props') }}, '-') as props_text,
        {{ parse_json('raw_effects.props', {
            'name': 'string', 'value': 'string', 'rejectionReason': 'string', 'programId': 'bigint',
        }) }} as props,
        {{ to_utc('raw_effects._airbyte_extracted_at') }} as loaded_at,
        {{ refuse('raw_effects', {
            'event_id is missing or not a number': whole_number('raw_effects.event_id') ~ ' is null',
            'name is missing': clean_text('raw_effects.name') ~ ' is null',
            'created is not a time': to_utc('raw_effects.created') ~ ' is null',
            'props is not an object': 'not ' ~ is_json('raw_effects.props'),
        }) }}
    from raw_effects
)

select
    {{ hash_text(
        "concat_ws('|', event_id, coalesce(ruleset_id, '-'), coalesce(rule_index, '-'), effect_name, props_text)"
    ) }} as effect_key,
    event_id,
    event_number,
    event_type,
    effect_name,
    ruleset_id,
    rule_index,
    campaign_id,
    coupon_id,
    session_id,
    profile_id,
    created_at,
    {{ clean_text('props.name') }} as label,
    {{ clean_text('props.value') }} as value_text,
    try_cast(props.value as decimal(18, 2)) as amount,
    {{ clean_text('props.' ~ adapter.quote('rejectionReason')) }} as rejection_reason,
    cast(props.{{ adapter.quote('programId') }} as string) as programme_id,
    loaded_at,
    quarantine_reason,
    raw_row,
    {{ row_status(
        key=['event_id', 'ruleset_id', 'rule_index', 'effect_name', 'props_text'],
        content=['created_at', 'session_id', 'profile_id', 'campaign_id', 'coupon_id']
    ) }}
from typed
