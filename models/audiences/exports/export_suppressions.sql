{{ config(materialized='view') }}
-- Grain: messaging tool, person, channel and product family ('*': everything that sells) that must not be promoted to
-- that person there now. The first reason by seeds/suppression_rules.csv. It holds for everybody, whether or not
-- somebody is in an audience and whether or not audiences are live, so that flows of the tool's own can respect it.
with

customers as (
    select * from {{ ref('customers') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

channels as (
    select * from {{ ref('audience_channels') }}
),

assignments as (
    select * from {{ ref('audience_assignments') }}
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

universal as (
    select
        customers.customer_id,
        {{ universal_campaign() }} as campaign
    from customers
    cross join point_in_time
),

-- Who was not yet asked for any audience is where the hash would put the person.
controlled as (
    select universal.customer_id
    from universal
    left join assignments
        on universal.campaign = assignments.campaign and universal.customer_id = assignments.customer_id
    where
        coalesce(
            assignments.arm = 'control',
            {{ campaign_bucket('universal.campaign', 'universal.customer_id') }}
            < cast({{ threshold('universal_control_share') }} as decimal(9, 6)) * 10000
        )
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

first_reasons as (
    select
        reasons.*,
        rules.precedence
    from reasons
    inner join rules on reasons.reason = rules.reason
    qualify row_number() over (
        partition by reasons.customer_id, reasons.channel, reasons.product_family
        order by rules.precedence asc, reasons.reason asc
    ) = 1
),

addressed as (
    select
        first_reasons.*,
        external_ids.external_id,
        case when first_reasons.channel = 'email' then contacts.email end as email,
        case when first_reasons.channel = 'sms' then contacts.phone_e164 end as phone
    from first_reasons
    left join external_ids on first_reasons.customer_id = external_ids.customer_id and external_ids.is_main
    left join contacts on first_reasons.customer_id = contacts.customer_id
),

tools as (
    {{ messaging_tool_rows() }}
)

select
    tools.destination,
    addressed.customer_id,
    addressed.channel,
    addressed.product_family,
    addressed.reason,
    addressed.external_id,
    addressed.email,
    addressed.phone
from addressed
cross join tools
-- Who is known there by nothing cannot be written to there.
where
    addressed.reason = 'erased'
    or addressed.external_id is not null
    or addressed.email is not null
    or addressed.phone is not null
