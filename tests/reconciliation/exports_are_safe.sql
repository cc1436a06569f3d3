-- Worked out again from marts and settings, without what decided: nobody is exported who did not agree to that purpose
-- in that channel under that address, has an open question, is in a control group, asked to be forgotten, had as many
-- messages as may be, or subscribes to what the message is about; and no text message is planned for the night.
with

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

audiences as (
    select
        audiences.audience,
        audiences.offer,
        classes.consent_purpose,
        classes.counts_as,
        classes.may_have_holdout,
        ' ' || coalesce(classes.passes, '') || ' ' as passes
    from {{ ref('audiences') }} as audiences
    inner join {{ ref('audience_classes') }} as classes on audiences.purpose_class = classes.purpose_class
),

policy as (
    select * from {{ ref('consent_policy') }}
),

mirrored as (
    select * from {{ ref('export_mirror') }}
),

members as (
    select
        'export_mirror' as export,
        audience,
        customer_id,
        channel,
        coalesce(email, phone) as address,
        offer,
        send_not_before
    from mirrored
    union all
    select
        'export_klaviyo_lists' as export,
        list_name as audience,
        customer_id,
        consent_channel as channel,
        coalesce(email, phone_number) as address,
        offer,
        send_not_before
    from {{ ref('export_klaviyo_lists') }}
),

-- A message with an offer sells, whatever it is about.
messages_out as (
    select
        members.*,
        audiences.passes,
        audiences.may_have_holdout,
        case when members.offer is not null then 'marketing' else audiences.consent_purpose end as purpose
    from members
    inner join audiences on members.audience = audiences.audience
),

ads as (
    select distinct
        'export_lookalike_seed' as export,
        customer_id,
        identifier_type
    from {{ ref('export_lookalike_seed') }}
    union all
    select distinct
        'export_ad_platforms' as export,
        customer_id,
        identifier_type
    from {{ ref('export_ad_platforms') }}
),

needed as (
    select
        export,
        audience,
        customer_id,
        channel,
        address,
        purpose
    from messages_out
    union all
    select
        ads.export,
        cast(null as string) as audience,
        ads.customer_id,
        case ads.identifier_type when 'email' then 'email' else 'sms' end as channel,
        case ads.identifier_type when 'email' then contacts.email else contacts.phone_e164 end as address,
        'marketing' as purpose
    from ads
    left join {{ ref('customer_contacts') }} as contacts on ads.customer_id = contacts.customer_id
),

states as (
    select
        consents.customer_id,
        consents.channel,
        max(case when consents.purpose = 'marketing' then consents.state end) as marketing_state,
        max(case when consents.purpose = 'transactional' then consents.state end) as transactional_state
    from {{ ref('consents') }} as consents
    cross join point_in_time
    where
        consents.valid_from < point_in_time.cut_at
        and (consents.valid_to is null or consents.valid_to >= point_in_time.cut_at)
    group by consents.customer_id, consents.channel
),

consented as (
    select
        needed.*,
        coalesce(states.marketing_state, 'unknown') as marketing_state,
        coalesce(states.transactional_state, 'unknown') as transactional_state,
        coalesce(policy.unknown_is_consent, false) as unknown_is_consent
    from needed
    left join states on needed.customer_id = states.customer_id and needed.channel = states.channel
    left join policy on needed.channel = policy.channel and needed.purpose = policy.purpose
),

questions as (
    select
        kind,
        customer_id,
        opened_on,
        resolved_on
    from {{ ref('bad_experiences') }}
    union all
    select
        'open_ticket' as kind,
        customer_id,
        opened_on,
        cast(null as date) as resolved_on
    from {{ ref('tickets') }}
    where closed_at is null
    union all
    select
        'open_refund' as kind,
        customer_id,
        requested_on as opened_on,
        cast(null as date) as resolved_on
    from {{ ref('returns') }}
    where return_state in ('requested', 'approved') and refunded_at is null
),

held as (
    select distinct questions.customer_id
    from questions
    cross join point_in_time
    inner join {{ ref('experience_holds') }} as rules on questions.kind = rules.kind
    where
        point_in_time.as_of < {{ add_days('questions.opened_on', 'rules.max_hold_days') }}
        and (
            questions.resolved_on is null
            or point_in_time.as_of < {{ add_days('questions.resolved_on', 'rules.days_after') }}
        )
),

redirects as (
    select * from {{ ref('customer_id_redirects') }}
),

controlled as (
    select distinct
        arms.campaign,
        coalesce(redirects.customer_id, arms.customer_id) as customer_id
    from {{ ref('audience_arms') }} as arms
    left join redirects on arms.customer_id = redirects.old_customer_id
    where arms.arm = 'control'
),

erased as (
    select customer_id from {{ ref('customers') }}
    where is_erased
),

named as (
    select
        export,
        customer_id
    from needed
    union all
    select
        'export_suppressions' as export,
        customer_id
    from {{ ref('export_suppressions') }}
    where email is not null or phone is not null
    union all
    select
        'export_profile_attributes' as export,
        customer_id
    from {{ ref('export_profile_attributes') }}
    union all
    select
        'export_helpdesk_tasks' as export,
        customer_id
    from {{ ref('export_helpdesk_tasks') }}
),

caps as (
    select * from {{ ref('message_caps') }}
),

newcomers as (
    select
        mirrored.audience,
        mirrored.customer_id,
        mirrored.channel,
        audiences.counts_as
    from mirrored
    cross join point_in_time
    inner join audiences on mirrored.audience = audiences.audience
    where
        mirrored.entered_at = point_in_time.cut_at
        and mirrored.channel <> 'helpdesk'
        and audiences.passes not like '% cap %'
),

capped as (
    select
        newcomers.customer_id,
        caps.channel,
        caps.counts_as,
        caps.window_hours,
        caps.max_messages,
        count(*) as new_count
    from newcomers
    inner join caps on caps.channel in (newcomers.channel, '*') and caps.counts_as in (newcomers.counts_as, '*')
    group by newcomers.customer_id, caps.channel, caps.counts_as, caps.window_hours, caps.max_messages
),

crowded as (
    select
        capped.customer_id,
        capped.channel
    from capped
    cross join point_in_time
    left join {{ ref('messages') }} as messages
        on
            capped.customer_id = messages.customer_id
            and capped.channel in (messages.channel, '*')
            and capped.counts_as in (messages.message_class, '*')
            and point_in_time.cut_at > messages.messaged_at
            and messages.messaged_at > {{ hours_later('point_in_time.cut_at', '-capped.window_hours') }}
    group by
        capped.customer_id, capped.channel, capped.counts_as, capped.window_hours, capped.max_messages, capped.new_count
    having count(messages.message_id) + capped.new_count > capped.max_messages
),

subscribed as (
    select
        customer_id,
        product_family,
        product_id
    from {{ ref('subscriptions') }}
    where is_active
),

offers as (
    select * from {{ ref('offers') }}
),

spoken_of as (
    select
        messages_out.export,
        messages_out.audience,
        messages_out.customer_id,
        qualified.product_family,
        cast(null as string) as product_id
    from messages_out
    inner join {{ ref('audience_qualified') }} as qualified
        on messages_out.audience = qualified.audience and messages_out.customer_id = qualified.customer_id
    where messages_out.passes not like '% relevance %'
    union all
    select
        messages_out.export,
        messages_out.audience,
        messages_out.customer_id,
        case when offers.scope = 'family' then offers.scope_value end as product_family,
        case when offers.scope = 'product' then offers.scope_value end as product_id
    from messages_out
    inner join offers on messages_out.offer = offers.offer
    where messages_out.passes not like '% relevance %'
),

hours as (
    select * from {{ ref('sending_hours') }}
    where channel = 'sms'
),

own_hours as (
    select distinct country_code from hours
    where country_code <> '*'
),

-- Where the zone is not known, every zone in which the person may be; who may be anywhere is sent no text message.
zones as (
    select
        contacts.customer_id,
        contacts.country_code,
        contacts.time_zone
    from {{ ref('customer_contacts') }} as contacts
    where contacts.time_zone_source <> 'country_code'
    union all
    select
        contacts.customer_id,
        contacts.country_code,
        country_zones.time_zone
    from {{ ref('customer_contacts') }} as contacts
    inner join {{ ref('country_time_zones') }} as country_zones
        on contacts.country_code = country_zones.country_code or contacts.country_code is null
    where coalesce(contacts.time_zone_source, 'country_code') = 'country_code'
),

arrivals as (
    select
        messages_out.export,
        messages_out.audience,
        messages_out.customer_id,
        zones.country_code,
        {{ utc_to_local('messages_out.send_not_before', 'zones.time_zone') }} as arrives_at
    from messages_out
    left join zones on messages_out.customer_id = zones.customer_id
    where messages_out.channel = 'sms'
),

ruled as (
    select
        arrivals.*,
        hours.opens_hour,
        hours.closes_hour,
        hours.on_sundays,
        hours.on_holidays,
        holidays.holiday_on
    from arrivals
    left join own_hours on arrivals.country_code = own_hours.country_code
    inner join hours
        on coalesce(own_hours.country_code, '*') = hours.country_code or arrivals.country_code is null
    left join {{ ref('public_holidays') }} as holidays
        on hours.country_code = holidays.country_code and cast(arrivals.arrives_at as date) = holidays.holiday_on
)

select
    export,
    audience,
    customer_id,
    'no consent' as problem
from consented
where
    transactional_state = 'unsubscribed'
    or case purpose
        when 'marketing' then marketing_state = 'unsubscribed' or marketing_state = 'unknown' and not unknown_is_consent
        else transactional_state = 'unknown' and marketing_state <> 'subscribed' and not unknown_is_consent
    end
union all
select
    consented.export,
    consented.audience,
    consented.customer_id,
    'another address' as problem
from consented
anti join {{ ref('int_consent__agreed_addresses') }} as agreed
    on
        consented.customer_id = agreed.customer_id
        and consented.channel = agreed.channel
        and agreed.purpose in (consented.purpose, 'marketing')
        and agreed.address in ({{ address_match('consented.address', 'consented.channel') }}, '-')
where consented.address is not null and not consented.unknown_is_consent
union all
select
    messages_out.export,
    messages_out.audience,
    messages_out.customer_id,
    'open question' as problem
from messages_out
semi join held on messages_out.customer_id = held.customer_id
where messages_out.passes not like '% hold %'
union all
select
    ads.export,
    cast(null as string) as audience,
    ads.customer_id,
    'open question' as problem
from ads
semi join held on ads.customer_id = held.customer_id
where ads.export = 'export_lookalike_seed'
union all
select
    messages_out.export,
    messages_out.audience,
    messages_out.customer_id,
    'control group' as problem
from messages_out
cross join point_in_time
semi join controlled
    on
        messages_out.customer_id = controlled.customer_id
        and controlled.campaign
        in (messages_out.audience, {{ universal_campaign() }})
where messages_out.may_have_holdout
union all
select
    named.export,
    cast(null as string) as audience,
    named.customer_id,
    'asked to be forgotten' as problem
from named
semi join erased on named.customer_id = erased.customer_id
union all
select
    'export_mirror' as export,
    newcomers.audience,
    newcomers.customer_id,
    'too many messages' as problem
from newcomers
semi join crowded
    on newcomers.customer_id = crowded.customer_id and crowded.channel in (newcomers.channel, '*')
union all
select
    spoken_of.export,
    spoken_of.audience,
    spoken_of.customer_id,
    'subscribes to it' as problem
from spoken_of
semi join subscribed
    on
        spoken_of.customer_id = subscribed.customer_id
        and (spoken_of.product_family = subscribed.product_family or spoken_of.product_id = subscribed.product_id)
union all
select
    export,
    audience,
    customer_id,
    'at night' as problem
from ruled
where
    arrives_at is null
    or hour(arrives_at) < opens_hour
    or hour(arrives_at) >= closes_hour
    or {{ days_between("date '1970-01-04'", 'cast(arrives_at as date)') }} % 7 = 0 and not on_sundays
    or holiday_on is not null and not on_holidays
