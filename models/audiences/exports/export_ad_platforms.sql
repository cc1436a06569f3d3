-- Grain: ad platform, list of people whom no ad should reach, product family ('*': any ad), person, kind of address. A
-- list is a reason of export_suppressions, whatever other reasons there are. Only who agreed to be marketed to in that
-- channel is handed over at all, so who refused is on no list. What the best customers are like is
-- export_lookalike_seed.
with

lists as (
    {%- for reason in ['experience_hold', 'universal_control', 'already_subscribed'] %}
    {{ 'union all' if not loop.first }}
    select '{{ reason }}' as reason
    {%- endfor %}
),

suppressions as (
    select distinct
        lists.reason,
        suppressions.product_family,
        suppressions.customer_id,
        suppressions.channel
    from {{ ref('export_suppressions') }} as suppressions
    inner join lists on ' ' || suppressions.reasons || ' ' like '% ' || lists.reason || ' %'
    where suppressions.channel in ('email', 'sms')
),

contacts as (
    select * from {{ ref('customer_contacts') }}
),

channels as (
    select * from {{ ref('audience_channels') }}
    where may_send_marketing and not has_complained
),

listed as (
    select
        suppressions.*,
        case suppressions.channel when 'email' then 'email' else 'phone' end as identifier_type,
        case suppressions.channel when 'email' then contacts.email else contacts.phone_e164 end as identifier
    from suppressions
    inner join contacts on suppressions.customer_id = contacts.customer_id
    semi join channels
        on suppressions.customer_id = channels.customer_id and suppressions.channel = channels.channel
),

reachable as (
    select * from listed
    where identifier is not null
),

hashed as (
    {{ hashed_identifiers('reachable', ['reason', 'product_family', 'customer_id']) }}
)

select
    platform,
    reason as exclude_list,
    product_family,
    identifier_type,
    hashed_identifier,
    customer_id
from hashed
