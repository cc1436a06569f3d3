-- Grain: ad platform, person and kind of address: the segment whose people come back most, as the pattern for people
-- like them. The segment is the first one of analyses/which_segment_keeps_its_customers.sql that is not everybody. Only
-- who agreed to be marketed to by e-mail, the number only of who agreed to text messages, too; nobody on hold.
with

scorecard as (
    select * from {{ ref('retention_scorecard') }}
    where
        metric = 'repurchase_rate_60d'
        and period_window = 'to_date'
        and reason is null
        and segment_type not in ('all', 'loyalty', 'subscription')
),

best as (
    select
        segment_type,
        segment
    from scorecard
    order by period_month desc, value_low desc nulls last, segment_type asc, segment asc
    limit 1
),

people as (
    select
        segments.customer_id,
        best.segment_type,
        best.segment
    from {{ ref('int_metrics__customer_segments') }} as segments
    inner join best on segments.segment_type = best.segment_type and segments.segment = best.segment
),

channels as (
    select * from {{ ref('audience_channels') }}
    where may_send_marketing and not has_complained
),

held as (
    select distinct customer_id from {{ ref('audience_holds') }}
    where is_open
),

contacts as (
    select * from {{ ref('customer_contacts') }}
),

customers as (
    select * from {{ ref('customers') }}
    where not is_erased
),

addressed as (
    select
        people.*,
        channels.channel,
        case channels.channel when 'email' then 'email' else 'phone' end as identifier_type,
        case channels.channel when 'email' then contacts.email else contacts.phone_e164 end as identifier
    from people
    semi join customers on people.customer_id = customers.customer_id
    anti join held on people.customer_id = held.customer_id
    inner join contacts on people.customer_id = contacts.customer_id
    inner join channels on people.customer_id = channels.customer_id
    where channels.channel in ('email', 'sms')
),

reachable as (
    select addressed.*
    from addressed
    semi join channels on addressed.customer_id = channels.customer_id and channels.channel = 'email'
    where addressed.identifier is not null
),

hashed as (
    {{ hashed_identifiers('reachable', ['customer_id', 'segment_type', 'segment']) }}
)

select
    platform,
    identifier_type,
    hashed_identifier,
    customer_id,
    segment_type,
    segment
from hashed
