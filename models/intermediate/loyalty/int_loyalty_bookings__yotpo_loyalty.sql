{{ config(materialized='view') }}
-- One entry of a member's history. The platform tells neither activation nor expiry of what it adds: the programme's
-- rules do. Entries in a state other than approved and pending (reversed, rejected) are none.
select
    'yotpo_loyalty:' || history_item_key as booking_id,
    'yotpo_loyalty' as source_name,
    'yotpo_loyalty' as programme,
    {{ foreign_record_id('member_id') }} as member_id,
    'customer' as source_record_type,
    {{ address_record_id('email') }} as source_record_id,
    recorded_at as booked_at,
    cast(null as string) as entry_type,
    points,
    'rule' as activation,
    cast(null as timestamp) as active_at,
    'rule' as expiry,
    cast(null as timestamp) as expires_at,
    lower({{ first_element('order_ids') }}) as order_reference,
    action as reason
from {{ ref('stg_yotpo_loyalty__history_items') }}
where coalesce(item_state, 'approved') in ('approved', 'pending')
