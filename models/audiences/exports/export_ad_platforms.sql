{{ config(materialized='view') }}
-- Grain: ad platform, list of people whom no ad should reach, product family ('*': any ad), person, kind of address. A
-- list is a reason of export_suppressions. Only who agreed to be marketed to in that channel is handed over at all, so
-- who refused is on no list. What the best customers are like is export_lookalike_seed.
with

suppressions as (
    select distinct
        reason,
        product_family,
        customer_id,
        channel,
        coalesce(email, phone) as identifier
    from {{ ref('export_suppressions') }}
    where
        reason in ('experience_hold', 'universal_control', 'already_subscribed')
        and coalesce(email, phone) is not null
),

channels as (
    select * from {{ ref('audience_channels') }}
    where may_send_marketing and not has_complained
),

listed as (
    select
        suppressions.*,
        case suppressions.channel when 'email' then 'email' else 'phone' end as identifier_type
    from suppressions
    semi join channels
        on suppressions.customer_id = channels.customer_id and suppressions.channel = channels.channel
),

hashed as (
    {{ hashed_identifiers('listed', ['reason', 'product_family', 'customer_id']) }}
)

select
    platform,
    reason as exclude_list,
    product_family,
    identifier_type,
    hashed_identifier,
    customer_id
from hashed
