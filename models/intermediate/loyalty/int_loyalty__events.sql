{{ config(materialized=replaced_in_part(), incremental_strategy='append', pre_hook='{{ forget_changed() }}') }}
-- One booking that makes no lot, in the order in which they take effect. At one instant: what comes back, what a
-- platform lets expire, what is spent, what is clawed back, what is corrected.
with

booked as (
    select * from {{ ref('int_loyalty__booked') }}
    where ledger_part <> 'lot' {{ and_changed('member_no') }}
),

members as (
    select * from {{ ref('int_loyalty__members') }}
),

rules as (
    select * from {{ ref('int_loyalty__rules') }}
)

select
    booked.member_no,
    members.inputs_hash,
    cast(row_number() over (
        partition by booked.member_no
        order by
            booked.booked_at asc,
            case booked.entry_type
                when 'spend_reversal' then 1 when 'expire' then 2 when 'spend' then 3 when 'clawback' then 4 else 5
            end asc,
            booked.booking_id asc
    ) as int) as event_no,
    booked.booking_id,
    booked.entry_type,
    booked.ledger_part,
    booked.booked_at as happened_at,
    booked.points,
    booked.order_reference,
    rules.clawback_rule,
    {{ days_later('booked.booked_at', 'coalesce(rules.reversal_grace_days, 0)') }} as usable_until
from booked
inner join members on booked.member_no = members.member_no
inner join rules
    on
        booked.scenario = rules.scenario
        and booked.programme = rules.programme
        and booked.rule_number = rules.rule_number
