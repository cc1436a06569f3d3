-- One member in one scenario. inputs_hash changes with anything that the member's bookings, lots and moves are made of,
-- so that a build works out anew only those of members for whom it changed.
with

rules as (
    select
        scenario,
        programme,
        starts_at,
        ends_at,
        expiry_policy,
        {{ hash_number([
            'starts_at', 'ends_at', 'time_zone', 'pending_days', 'expiry_policy', 'expiry_days', 'expires_at_midnight',
            'inactivity_resets', 'reversal_grace_days', 'clawback_rule', 'overrides_dates'
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
        rules.scenario,
        bookings.programme,
        bookings.member_id,
        bit_xor({{ hash_number([
            'bookings.booking_id', 'bookings.booked_at', 'bookings.entry_type', 'bookings.points',
            'bookings.activation', 'bookings.active_at', 'bookings.expiry', 'bookings.expires_at',
            'bookings.order_reference'
        ]) }}) as bookings_hash,
        count(*) as booking_count,
        min(bookings.booked_at) as enrolled_at,
        max(bookings.booked_at) as last_booked_at,
        max(bookings.source_name) as source_name,
        -- Who the member is, by what was booked last: an address may have changed.
        max_by(
            {{ make_struct({
                'record_type': 'bookings.source_record_type', 'record_id': 'bookings.source_record_id'
            }) }},
            {{ make_struct({'booked_at': 'bookings.booked_at', 'booking_id': 'bookings.booking_id'}) }}
        ) as last_record,
        bool_or(bookings.entry_type in ('clawback', 'spend_reversal')) as needs_sequence
    from {{ ref('int_loyalty_bookings__unioned') }} as bookings
    inner join rules on {{ rules_a_booking('rules', 'bookings') }}
    group by rules.scenario, bookings.programme, bookings.member_id
),

identified as (
    select
        *,
        last_record.record_type as source_record_type,
        last_record.record_id as source_record_id
    from grouped
)

select
    identified.scenario,
    identified.programme,
    identified.member_id,
    {{ member_number('identified.scenario', 'identified.programme', 'identified.member_id') }} as member_no,
    {{ hash_number([
        "'" ~ ledger_checksum() ~ "'", 'programmes.rules_hash', 'identified.bookings_hash', 'identified.booking_count'
    ]) }} as inputs_hash,
    identified.enrolled_at,
    identified.last_booked_at,
    identified.source_name,
    identified.source_record_type,
    identified.source_record_id,
    identified.needs_sequence
from identified
inner join programmes on identified.scenario = programmes.scenario and identified.programme = programmes.programme
