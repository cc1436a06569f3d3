{{ config(materialized='view') }}
-- Who opted out with Barilliance: on the last day of the first window that names the address, at the latest when that
-- was loaded. Collected addresses are no consent.
{%- set window_ends_at = 'cast(' ~ add_days('addresses.first_window_ends_on', 1) ~ ' as timestamp)' %}
with

addresses as (
    select * from {{ ref('stg_barilliance__addresses') }}
    where raw_table = 'optout_emails'
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
)

select
    'barilliance' as source_name,
    'address' as source_record_type,
    {{ address_record_id('addresses.email') }} as source_record_id,
    'email' as channel,
    'marketing' as purpose,
    'unsubscribed' as state,
    least(
        {{ known_before_load('addresses.first_loaded_at') }},
        coalesce(
            {{ local_to_utc(window_ends_at, "'America/New_York'") }} - interval 1 second,
            {{ known_before_load('addresses.first_loaded_at') }}
        )
    ) as occurred_at,
    addresses.email as address,
    'list' as method,
    'on the list of opt-outs' as evidence
from addresses
cross join point_in_time
