{{ config(materialized='view') }}
-- Who left Yotpo's e-mails: from a message, by marking it as spam, or by being on the list of unsubscribers, which
-- has no date.
with

unsubscribers as (
    select * from {{ ref('stg_yotpo__unsubscribers') }}
),

requests as (
    select * from {{ ref('stg_yotpo__raw_data') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

events as (
    select
        unsubscribers.email,
        {{ known_before_load('unsubscribers.first_loaded_at') }} as occurred_at,
        'list' as method,
        'on the list of unsubscribers' as evidence
    from unsubscribers
    cross join point_in_time
    {%- for time, what in {'unsubscribed_at': 'unsubscribed', 'complained_at': 'marked as spam'}.items() %}
    union all
    select
        email,
        {{ time }} as occurred_at,
        'message' as method,
        'review request {{ what }}' as evidence
    from requests
    where {{ time }} is not null
    {%- endfor %}
)

select
    'yotpo' as source_name,
    'address' as source_record_type,
    {{ address_record_id('email') }} as source_record_id,
    'email' as channel,
    'marketing' as purpose,
    'unsubscribed' as state,
    occurred_at,
    email as address,
    method,
    evidence
from events
