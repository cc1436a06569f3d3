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
),

grouped as (
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
        max(booked.source_name) as source_name,
        -- Who the member is, by what was booked last: an address may have changed.
        max_by(
            {{ make_struct({
                'record_type': 'booked.source_record_type', 'record_id': 'booked.source_record_id'
            }) }},
            {{ make_struct({'booked_at': 'booked.booked_at', 'booking_id': 'booked.booking_id'}) }}
        ) as last_record,
        bool_or(booked.ledger_part in ('clawback', 'reversal')) as needs_sequence
    from booked
    inner join programmes on booked.scenario = programmes.scenario and booked.programme = programmes.programme
    group by booked.scenario, booked.programme, booked.member_id, booked.member_no, programmes.rules_hash
)

select
    scenario,
    programme,
    member_id,
    member_no,
    inputs_hash,
    enrolled_at,
    last_booked_at,
    source_name,
    last_record.record_type as source_record_type,
    last_record.record_id as source_record_id,
    needs_sequence
from grouped
