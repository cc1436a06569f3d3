{{ config(materialized='view') }}
-- One booking of the ledger. Its dates are told: activation on an action that no row tells is waiting. A sub-ledger
-- is a programme of its own. What the platform took for a return beyond the balance is in the amount already.
with

transactions as (
    select * from {{ ref('stg_talon_one__loyalty_transactions') }}
)

select
    'talon_one:' || transaction_uuid as booking_id,
    'talon_one' as source_name,
    'talon_one:' || programme_id || case when subledger <> 'main' then ':' || subledger else '' end as programme,
    {{ foreign_record_id('coalesce(profile_id, card_id)') }} as member_id,
    case when profile_id is null then 'card' else 'profile' end as source_record_type,
    {{ foreign_record_id('coalesce(profile_id, card_id)') }} as source_record_id,
    booked_at,
    case
        when is_imported and points >= 0 then 'import'
        when is_imported or is_manual then 'adjust'
    end as entry_type,
    points,
    case activation when 'on_action' then 'waits' else 'at' end as activation,
    coalesce(active_at, booked_at) as active_at,
    case when expires_at is null then 'never' else 'at' end as expiry,
    expires_at,
    lower(session_id) as order_reference,
    reason
from transactions
