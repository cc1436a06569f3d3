-- What a platform said that a member had, beside what the ledger says of the same moment, and where they differ, why.
-- Nothing is ever changed to make them agree. A platform may show debt as a negative balance or not at all: both are
-- equal.
with

snapshots as (
    {{ union_subject('loyalty_snapshots', ['talon_one', 'yotpo_loyalty']) | indent(4) }}
),

members as (
    select * from {{ ref('int_loyalty__members') }}
    where scenario = 'live'
),

changes as (
    select * from {{ ref('int_loyalty__balance_changes') }}
),

moves as (
    select * from {{ ref('int_loyalty__moves') }}
),

bookings as (
    select * from {{ ref('int_loyalty_bookings__unioned') }}
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

-- Of two figures of one moment the smaller one: nobody can say which came last.
snapshots_once as (
    select
        snapshots.*,
        {{ foreign_record_id('snapshots.member_id') }} as member_key
    from snapshots
    cross join point_in_time
    where snapshots.told_at < point_in_time.cut_at
    qualify row_number() over (
        partition by snapshots.programme, {{ foreign_record_id('snapshots.member_id') }}, snapshots.told_at
        order by
            snapshots.points_available asc, snapshots.points_pending asc nulls last,
            snapshots.points_expired asc nulls last, snapshots.tier asc nulls last, snapshots.source_name asc
    ) = 1
),

told as (
    select
        members.member_no,
        once.source_name,
        once.programme,
        once.member_key as member_id,
        once.told_at,
        once.points_available,
        once.points_pending,
        once.points_expired,
        once.tier
    from snapshots_once as once
    left join members on once.programme = members.programme and once.member_key = members.member_id
),

steps as (
    select
        changes.member_no,
        changes.changed_at,
        sum(changes.available) as available,
        sum(changes.pending) as pending,
        sum(changes.debt) as debt,
        false as is_told
    from changes
    semi join told on changes.member_no = told.member_no
    group by changes.member_no, changes.changed_at
    union all
    select
        member_no,
        told_at as changed_at,
        0 as available,
        0 as pending,
        0 as debt,
        true as is_told
    from told
    where member_no is not null
),

{%- set upto = 'partition by member_no order by changed_at, is_told rows between unbounded preceding and current row' %}

balances as (
    select
        member_no,
        changed_at,
        lead(changed_at) over (partition by member_no order by changed_at, is_told) as next_changed_at,
        is_told,
        {{ as_points('sum(available) over (' ~ upto ~ ')') }} as available,
        {{ as_points('sum(pending) over (' ~ upto ~ ')') }} as pending,
        {{ as_points('sum(debt) over (' ~ upto ~ ')') }} as debt
    from steps
),

compared as (
    select
        told.*,
        coalesce(balances.available, 0) as our_available,
        coalesce(balances.pending, 0) as our_pending,
        coalesce(balances.debt, 0) as our_debt
    from told
    left join balances
        on told.member_no = balances.member_no and told.told_at = balances.changed_at and balances.is_told
),

differing as (
    select *
    from compared
    where points_available not in (our_available, our_available - our_debt)
),

-- The same figure, but of another moment: the platform's clock or its export ran ahead or behind.
at_another_time as (
    select distinct
        differing.member_no,
        differing.told_at
    from differing
    inner join balances
        on
            differing.member_no = balances.member_no
            and {{ hours_later('differing.told_at', '-' ~ threshold('loyalty_timing_hours')) }}
            < coalesce(balances.next_changed_at, timestamp '9999-12-31 00:00:00')
            and {{ hours_later('differing.told_at', threshold('loyalty_timing_hours')) }} >= balances.changed_at
            and differing.points_available in (balances.available, balances.available - balances.debt)
),

gone as (
    select
        differing.member_no,
        differing.told_at,
        {{ points_where('moves.points', "moves.kind = 'expire'") }} as expired,
        {{ points_where('moves.points', "moves.kind = 'uncovered'") }} as uncovered
    from differing
    inner join moves on differing.member_no = moves.member_no and differing.told_at >= moves.moved_at
    group by differing.member_no, differing.told_at
),

booked as (
    select
        differing.member_no,
        differing.told_at,
        -sum(case when bookings.entry_type = 'expire' then bookings.points end) as told_expired,
        sum(case when bookings.entry_type in ('adjust', 'transfer') then bookings.points end) as adjusted
    from differing
    inner join bookings
        on
            differing.programme = bookings.programme
            and differing.member_id = bookings.member_id
            and differing.told_at >= bookings.booked_at
    group by differing.member_no, differing.told_at
)

select
    compared.source_name,
    compared.programme,
    compared.member_id,
    compared.told_at,
    compared.points_available as platform_points_available,
    compared.points_pending as platform_points_pending,
    compared.our_available as points_available,
    compared.our_pending as points_pending,
    compared.our_debt as points_debt,
    case
        when differing.programme is null then cast(0 as decimal(18, 2))
        else cast(compared.our_available - compared.our_debt - compared.points_available as decimal(18, 2))
    end as difference,
    case
        when differing.programme is null then 'equal'
        when compared.member_no is null then 'no_ledger'
        when at_another_time.told_at is not null then 'timing'
        when compared.points_available = compared.our_available + gone.expired
            - coalesce(compared.points_expired, booked.told_expired, 0) then 'unknown_expiry'
        when gone.uncovered <> 0 and compared.points_available = compared.our_available - gone.uncovered
            then 'uncovered'
        when booked.adjusted <> 0 and compared.points_available = compared.our_available - booked.adjusted
            then 'manual_adjustment'
        else 'unexplained'
    end as explanation,
    row_number() over (
        partition by compared.programme, compared.member_id order by compared.told_at desc
    ) = 1 as is_newest
from compared
left join differing
    on
        compared.programme = differing.programme
        and compared.member_id = differing.member_id
        and compared.told_at = differing.told_at
left join at_another_time
    on compared.member_no = at_another_time.member_no and compared.told_at = at_another_time.told_at
left join gone on compared.member_no = gone.member_no and compared.told_at = gone.told_at
left join booked on compared.member_no = booked.member_no and compared.told_at = booked.told_at
