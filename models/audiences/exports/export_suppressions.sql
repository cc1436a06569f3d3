-- Grain: messaging tool, profile of a person that it may have, channel and product family ('*': everything that sells)
-- that must not be promoted to that person there now. Profiles: the person's main number with the contact, then every
-- other number and every other address on its own. It holds for everybody, whether or not somebody is in an audience
-- and whether or not audiences are live, so that flows of the tool's own can respect it.
with

customers as (
    select * from {{ ref('customers') }}
),

channels as (
    select * from {{ ref('audience_channels') }}
),

rules as (
    select * from {{ ref('suppression_rules') }}
),

contacts as (
    select * from {{ ref('customer_contacts') }}
),

marketing_channels as (
    {{ marketing_channels() }}
),

external_ids as (
    {{ external_ids() }}
),

numbers as (
    select
        customer_id,
        external_id,
        bool_or(is_main) as is_main
    from external_ids
    group by customer_id, external_id
),

other_addresses as (
    {%- for channel, column in {'email': 'email', 'sms': 'phone_e164'}.items() %}
    {{ 'union' if not loop.first }}
    select
        told.customer_id,
        '{{ channel }}' as channel,
        told.{{ column }} as address
    from {{ ref('int_customers__told') }} as told
    left join contacts on told.customer_id = contacts.customer_id
    where told.{{ column }} <> coalesce(contacts.{{ column }}, '-')
    {%- endfor %}
),

held as (
    select distinct customer_id from {{ ref('audience_holds') }}
    where is_open
),

-- A paused subscription is active.
subscribed as (
    select distinct
        customer_id,
        coalesce(product_family, product_id) as product_family
    from {{ ref('subscriptions') }}
    where is_active and customer_id is not null and coalesce(product_family, product_id) is not null
),

controlled as (
    select * from {{ ref('audience_universal_control') }}
),

judged as (
    select
        customers.customer_id,
        marketing_channels.channel,
        customers.is_erased,
        not coalesce(channels.may_send_marketing, marketing_channels.unknown_is_consent) as is_no_consent,
        not coalesce(channels.has_address and not channels.is_undeliverable, false) as is_undeliverable,
        coalesce(channels.has_complained, false) as is_complained,
        held.customer_id is not null as is_experience_hold,
        controlled.customer_id is not null as is_universal_control
    from customers
    cross join marketing_channels
    left join channels
        on customers.customer_id = channels.customer_id and marketing_channels.channel = channels.channel
    left join held on customers.customer_id = held.customer_id
    left join controlled on customers.customer_id = controlled.customer_id
),

reasons as (
    {%- for reason in ['erased', 'no_consent', 'undeliverable', 'complained', 'experience_hold', 'universal_control'] %}
    {{ 'union all' if not loop.first }}
    select
        customer_id,
        channel,
        '*' as product_family,
        '{{ reason }}' as reason
    from judged
    where is_{{ reason }}
    {%- endfor %}
    union all
    select
        judged.customer_id,
        judged.channel,
        subscribed.product_family,
        'already_subscribed' as reason
    from judged
    inner join subscribed on judged.customer_id = subscribed.customer_id
    where not judged.is_erased
),

together as (
    select
        reasons.customer_id,
        reasons.channel,
        reasons.product_family,
        {{ join_texts('reasons.reason', ' ', 'rules.precedence') }} as reasons
    from reasons
    inner join rules on reasons.reason = rules.reason
    group by reasons.customer_id, reasons.channel, reasons.product_family
),

profiles as (
    select
        together.*,
        numbers.external_id,
        case when together.channel = 'email' then contacts.email end as email,
        case when together.channel = 'sms' then contacts.phone_e164 end as phone
    from together
    left join numbers on together.customer_id = numbers.customer_id and numbers.is_main
    left join contacts on together.customer_id = contacts.customer_id
    union all
    select
        together.*,
        numbers.external_id,
        cast(null as string) as email,
        cast(null as string) as phone
    from together
    inner join numbers on together.customer_id = numbers.customer_id and not numbers.is_main
    union all
    select
        together.*,
        cast(null as string) as external_id,
        case when together.channel = 'email' then other_addresses.address end as email,
        case when together.channel = 'sms' then other_addresses.address end as phone
    from together
    inner join other_addresses
        on together.customer_id = other_addresses.customer_id and together.channel = other_addresses.channel
),

tools as (
    {{ messaging_tool_rows() }}
)

select
    {{ hash_text(
        "tools.destination || '|' || profiles.customer_id || '|' || profiles.channel || '|' || profiles.product_family"
        ~ " || '|' || coalesce(profiles.external_id, '') || '|' || coalesce(profiles.email, profiles.phone, '')"
    ) }} as suppression_id,
    tools.destination,
    profiles.customer_id,
    profiles.channel,
    profiles.product_family,
    split_part(profiles.reasons, ' ', 1) as reason,
    profiles.reasons,
    profiles.external_id,
    profiles.email,
    profiles.phone
from profiles
cross join tools
-- Who is known there by nothing cannot be written to there.
where
    split_part(profiles.reasons, ' ', 1) = 'erased'
    or profiles.external_id is not null
    or profiles.email is not null
    or profiles.phone is not null
