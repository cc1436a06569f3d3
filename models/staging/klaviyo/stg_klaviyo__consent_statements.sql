-- What one version of a profile says about one channel. A suppression makes it unsubscribed, whatever the consent
-- says.
{%- set channels = {
    'email': ('email', 'email'), 'sms': ('sms', 'phone'), 'mobile_push': ('push', 'cast(null as string)'),
} %}
with

profiles as (
    select * from {{ ref('base_klaviyo__profiles') }}
    where row_status in ('staged', 'duplicate')
),

statements as (
    {%- for key, (channel, address) in channels.items() %}
    {{ 'union all' if not loop.first }}
    select
        profile_id,
        created_at,
        coalesce(updated_at, loaded_at) as seen_at,
        loaded_at,
        '{{ channel }}' as channel,
        {{ address }} as address,
        lower({{ clean_text('profile.subscriptions.' ~ key ~ '.marketing.consent') }}) as consent,
        {{ to_utc('profile.subscriptions.' ~ key ~ '.marketing.consent_timestamp') }} as consented_at,
        {{ to_utc('profile.subscriptions.' ~ key ~ '.marketing.last_updated') }} as changed_at,
        {{ clean_text('profile.subscriptions.' ~ key ~ '.marketing.method') }} as method,
        {%- for name in ['suppression', 'suppressions'] %}
        {%- set list = 'profile.subscriptions.' ~ key ~ '.marketing.' ~ name %}
        {{ any_element(list, 'true') }} as has_{{ name }},
        {{ max_element(list, 'element.timestamp') }} as {{ name }}_at,
        {{ max_element(list, 'element.reason') }} as {{ name }}_reason{{ ',' if not loop.last }}
        {%- endfor %}
    from profiles
    where profile.subscriptions.{{ key }}.marketing is not null
    {%- endfor %}
),

read_out as (
    select
        *,
        has_suppression or has_suppressions as is_suppressed,
        coalesce({{ to_utc('suppression_at') }}, {{ to_utc('suppressions_at') }}) as suppressed_at,
        coalesce(consented_at, changed_at) as stated_at
    from statements
)

select
    profile_id as record_id,
    channel,
    address,
    case
        when is_suppressed or consent = 'unsubscribed' then 'unsubscribed'
        when consent = 'subscribed' then 'subscribed'
        else 'unknown'
    end as state,
    -- A suppression that is still there outlasts a consent given after it.
    case
        when not is_suppressed then stated_at
        when suppressed_at is not null then greatest(suppressed_at, coalesce(stated_at, suppressed_at))
    end as stated_at,
    created_at,
    seen_at,
    loaded_at,
    case when is_suppressed then 'suppression' else lower(method) end as method,
    case
        when is_suppressed then coalesce(suppression_reason, suppressions_reason, 'no reason given')
        else consent
    end as evidence
from read_out
