-- One member in one scenario. inputs_hash changes with anything that the member's lots and moves are made of, so that a
-- build works out anew only those of members for whom it changed.
with

booked as (
    select * from {{ ref('int_loyalty__booked') }}
),

rules as (
    select
        scenario,
        programme,
        rule_number,
        {{ hash_number([
            'starts_at', 'ends_at', 'time_zone', 'pending_days', 'expiry_policy', 'expiry_days', 'expires_at_midnight',
            'inactivity_resets', 'reversal_grace_days', 'clawback_rule'
        ]) }} as rule_hash
    from {{ ref('int_loyalty__rules') }}
),

-- A rule that comes later than all of a member's bookings counts, too: inactivity may be turned on.
programmes as (
    select
        scenario,
        programme,
        bit_xor(rule_hash) as rules_hash
    from rules
    group by scenario, programme
)

select
    booked.scenario,
    booked.programme,
    booked.member_id,
    booked.member_no,
    {{ hash_number(["'" ~ ledger_checksum() ~ "'", 'programmes.rules_hash', 'bit_xor(' ~ hash_number([
        'booked.booking_id', 'booked.booked_at', 'booked.entry_type', 'booked.ledger_part', 'booked.points',
        'booked.activation', 'booked.active_at', 'booked.expiry', 'booked.expires_at', 'booked.order_reference'
    ]) ~ ')', 'count(*)']) }} as inputs_hash,
    min(booked.booked_at) as enrolled_at,
    max(booked.booked_at) as last_booked_at,
    booked.source_name,
    -- Who the member is, by what was booked last: an address may have changed.
    max_by(booked.source_record_type, booked.booked_at) as source_record_type,
    max_by(
        booked.source_record_id, cast(booked.booked_at as string) || booked.source_record_id
    ) as source_record_id,
    bool_or(booked.ledger_part in ('clawback', 'reversal')) as needs_sequence
from booked
inner join programmes on booked.scenario = programmes.scenario and booked.programme = programmes.programme
group by booked.scenario, booked.programme, booked.member_id, booked.member_no, booked.source_name,
    programmes.rules_hash
