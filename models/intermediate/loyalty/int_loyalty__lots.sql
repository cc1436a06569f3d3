{{ config(materialized=replaced_in_part(), incremental_strategy='append', pre_hook='{{ forget_changed() }}') }}
-- One lot in one scenario: when its points become usable and when they expire, by what was told or by the rules of
-- the day on which it was booked. lot_no is the order in which a member's lots are burnt; points_through are all
-- points up to and including this lot. A later row of the rules changes no lot, but for one: turning inactivity on
-- reaches lots that never expired, one period after that day at the earliest.
with

booked as (
    select * from {{ ref('int_loyalty__booked') }}
    where ledger_part = 'lot' {{ and_changed('member_no') }}
),

members as (
    select * from {{ ref('int_loyalty__members') }}
),

rules as (
    select * from {{ ref('int_loyalty__rules') }}
),

-- Inactivity: what kept a member's points alive, each instant once, as stretches without a gap of the whole period.
inactivity_rules as (
    select
        scenario,
        programme,
        rule_number,
        starts_at,
        ends_at,
        case when rule_number > 1 then valid_from_at end as turned_on_at,
        expiry_days,
        ' ' || inactivity_resets || ' ' as resets
    from rules
    where expiry_policy = 'inactivity'
),

resets as (
    select
        booked.member_no,
        booked.booked_at as reset_at,
        inactivity_rules.rule_number,
        inactivity_rules.expiry_days
    from {{ ref('int_loyalty__booked') }} as booked
    inner join inactivity_rules
        on booked.scenario = inactivity_rules.scenario and booked.programme = inactivity_rules.programme
    where
        (
            inactivity_rules.resets like
            '% ' || case booked.entry_type when 'import' then 'earn' else booked.entry_type end || ' %'
            or booked.entry_type = 'earn' and booked.order_reference is not null
            and inactivity_rules.resets like '% order %'
        )
        {{ and_changed('booked.member_no') }}
    union distinct
    select
        booked.member_no,
        inactivity_rules.turned_on_at as reset_at,
        inactivity_rules.rule_number,
        inactivity_rules.expiry_days
    from {{ ref('int_loyalty__booked') }} as booked
    inner join inactivity_rules
        on booked.scenario = inactivity_rules.scenario and booked.programme = inactivity_rules.programme
    where
        booked.ledger_part = 'lot'
        and booked.booked_at < inactivity_rules.turned_on_at
        {{ and_changed('booked.member_no') }}
),

reset_gaps as (
    select
        *,
        case
            when reset_at < {{ days_later(
                'lag(reset_at) over (partition by member_no, rule_number order by reset_at)', 'expiry_days'
            ) }} then 0
            else 1
        end as begins_stretch
    from resets
),

numbered_resets as (
    select
        *,
        sum(begins_stretch) over (
            partition by member_no, rule_number order by reset_at rows between unbounded preceding and current row
        ) as stretch_number
    from reset_gaps
),

stretches as (
    select
        member_no,
        rule_number,
        min(reset_at) as starts_at,
        {{ days_later('max(reset_at)', 'max(expiry_days)') }} as ends_at
    from numbered_resets
    group by member_no, rule_number, stretch_number
),

-- The rule that says when a lot lapses: its own, or, of lots without an end, the first inactivity rule after it.
inactive_lots as (
    select
        booked.member_no,
        booked.booking_id,
        inactivity_rules.rule_number,
        inactivity_rules.expiry_days,
        greatest(booked.booked_at, coalesce(inactivity_rules.turned_on_at, booked.booked_at)) as counted_from
    from {{ ref('int_loyalty__booked') }} as booked
    inner join inactivity_rules
        on booked.scenario = inactivity_rules.scenario and booked.programme = inactivity_rules.programme
    inner join rules
        on
            booked.scenario = rules.scenario
            and booked.programme = rules.programme
            and booked.rule_number = rules.rule_number
    where
        booked.ledger_part = 'lot'
        and booked.expiry = 'rule'
        and booked.activation <> 'waits'
        and (
            booked.rule_number = inactivity_rules.rule_number
            or rules.expiry_policy = 'none' and inactivity_rules.rule_number > booked.rule_number
        )
        {{ and_changed('booked.member_no') }}
    qualify row_number() over (
        partition by booked.member_no, booked.booking_id order by inactivity_rules.rule_number
    ) = 1
),

lapses as (
    select
        lots.member_no,
        lots.booking_id,
        coalesce(min(stretches.ends_at), min({{ days_later('lots.counted_from', 'lots.expiry_days') }})) as lapses_at
    from inactive_lots as lots
    left join stretches
        on
            lots.member_no = stretches.member_no
            and lots.rule_number = stretches.rule_number
            and lots.counted_from < stretches.ends_at
            and stretches.starts_at < {{ days_later('lots.counted_from', 'lots.expiry_days') }}
    group by lots.member_no, lots.booking_id
),

activated as (
    select
        booked.*,
        rules.time_zone,
        rules.expiry_days,
        rules.expiry_policy,
        rules.expires_at_midnight,
        case booked.activation
            when 'at' then greatest(coalesce(booked.active_at, booked.booked_at), booked.booked_at)
            when 'rule' then {{ days_later('booked.booked_at', 'coalesce(rules.pending_days, 0)') }}
        end as usable_at
    from booked
    inner join rules
        on
            booked.scenario = rules.scenario
            and booked.programme = rules.programme
            and booked.rule_number = rules.rule_number
),

expiring as (
    select
        activated.*,
        lapses.booking_id is not null as is_inactivity,
        case
            when activated.activation = 'waits' then null
            when activated.expiry = 'at' then greatest(activated.expires_at, activated.booked_at)
            when activated.expiry = 'rule' and lapses.lapses_at is not null then lapses.lapses_at
            when activated.expiry = 'rule' and activated.expiry_policy = 'lot' and activated.expires_at_midnight
                then {{ local_to_utc(
                    'cast(' ~ add_days(
                        'cast(' ~ utc_to_local('activated.usable_at', 'activated.time_zone') ~ ' as date)',
                        'activated.expiry_days'
                    ) ~ ' as timestamp)', 'activated.time_zone'
                ) }}
            when activated.expiry = 'rule' and activated.expiry_policy = 'lot'
                then {{ days_later('activated.usable_at', 'activated.expiry_days') }}
        end as gone_at
    from activated
    left join lapses on activated.member_no = lapses.member_no and activated.booking_id = lapses.booking_id
),

-- Which lot burns first must not depend on what comes later: what inactivity ends counts by what was to be expected
-- when it was booked.
burning as (
    select
        *,
        case
            when not is_inactivity then gone_at
            when expiry_policy = 'inactivity' then {{ days_later('booked_at', 'expiry_days') }}
        end as burns_at
    from expiring
)

{%- set burn_order = 'partition by burning.member_no'
    ~ ' order by burning.burns_at asc nulls last, burning.booked_at asc, burning.booking_id asc' %}
{%- set before_it = burn_order ~ ' rows between unbounded preceding and 1 preceding' %}
{%- set never = "timestamp '9999-12-31 00:00:00'" %}

select
    members.scenario,
    members.programme,
    members.member_id,
    burning.member_no,
    members.inputs_hash,
    burning.booking_id as lot_id,
    cast(row_number() over ({{ burn_order }}) as int) as lot_no,
    burning.entry_type,
    burning.booked_at as earned_at,
    burning.usable_at as active_at,
    burning.gone_at as expires_at,
    burning.points,
    cast(sum(burning.points) over ({{ burn_order }} rows between unbounded preceding and current row) as bigint)
        as points_through,
    coalesce(
        coalesce(burning.usable_at, {{ never }}) < max(coalesce(burning.usable_at, {{ never }})) over ({{ before_it }})
        or coalesce(burning.gone_at, {{ never }}) < max(coalesce(burning.gone_at, {{ never }})) over ({{ before_it }}),
        false
    ) as is_out_of_order,
    burning.order_reference,
    burning.rule_number
from burning
inner join members on burning.member_no = members.member_no
