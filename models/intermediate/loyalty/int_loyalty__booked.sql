{{ config(materialized=replaced_in_part(), incremental_strategy='append', pre_hook='{{ forget_changed() }}') }}
-- One booking in one scenario, with its part in the ledger: lot (points that come), draw (points that go, from the
-- oldest), clawback (points that an order had earned) or reversal (points that a reward had cost). Points are whole
-- hundredths and never negative. What comes back with an order that spent nothing is a lot. Expiries that a platform
-- books are draws where the programme leaves expiry to it (told); elsewhere dates say what expires, and they are no
-- part of the ledger.
with

rules as (
    select * from {{ ref('int_loyalty__rules') }}
),

members as (
    select * from {{ ref('int_loyalty__members') }}
),

reversals as (
    select * from {{ ref('int_loyalty_bookings__unioned') }}
    where entry_type = 'spend_reversal'
),

spends as (
    select * from {{ ref('int_loyalty_bookings__unioned') }}
    where entry_type = 'spend'
),

-- What comes back with an order that had spent something before.
returns_of_spends as (
    select distinct reversals.booking_id
    from reversals
    inner join spends
        on
            reversals.programme = spends.programme
            and reversals.member_id = spends.member_id
            and reversals.order_reference = spends.order_reference
            and reversals.booked_at > spends.booked_at
),

bookings as (
    select
        told.*,
        returns_of_spends.booking_id is not null as returns_spend
    from {{ ref('int_loyalty_bookings__unioned') }} as told
    left join returns_of_spends on told.booking_id = returns_of_spends.booking_id
),

ruled as (
    select
        rules.scenario,
        rules.rule_number,
        {{ member_number('rules.scenario', 'bookings.programme', 'bookings.member_id') }} as member_no,
        bookings.*,
        rules.overrides_dates
    from bookings
    inner join rules on {{ rules_a_booking('rules', 'bookings') }}
    where true {{ and_changed(member_number('rules.scenario', 'bookings.programme', 'bookings.member_id')) }}
)

select
    ruled.scenario,
    ruled.programme,
    ruled.member_no,
    members.inputs_hash,
    ruled.booking_id,
    ruled.rule_number,
    ruled.booked_at,
    ruled.entry_type,
    case
        when ruled.entry_type = 'clawback' then 'clawback'
        when ruled.returns_spend then 'reversal'
        when ruled.entry_type in ('spend', 'expire') or ruled.points < 0 then 'draw'
        else 'lot'
    end as ledger_part,
    cast(abs(ruled.points) * 100 as bigint) as points,
    case when ruled.overrides_dates and ruled.activation <> 'waits' then 'rule' else ruled.activation end as activation,
    ruled.active_at,
    case when ruled.overrides_dates and ruled.activation <> 'waits' then 'rule' else ruled.expiry end as expiry,
    ruled.expires_at,
    ruled.order_reference
from ruled
inner join members on ruled.member_no = members.member_no
