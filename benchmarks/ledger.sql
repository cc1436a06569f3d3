-- The ledger of two programmes in one script: their rules are written into it, it knows no scenarios and no settings,
-- and makes everything anew. Points are hundredths until they are written. All points of a member lie on one line, in
-- burn order, and a draw takes the stretch at its front. Who has clawbacks, reversals, lots that become usable in
-- another order than they expire, or draws beyond the balance, is played event by event, all such members at once. A
-- comment of one word before a statement is the name under which its seconds are summed up.

-- members
create temp table members as
select
    bookings.member, bookings.programme, bookings.member_id, bookings.enrolled_at, records.customer_id
from (
    select
        hash(programme, member_id) as member, any_value(programme) as programme, any_value(member_id) as member_id,
        min(booked_at) as enrolled_at
    from intermediate.int_loyalty_bookings__unioned
    group by member
) as bookings
left join intermediate.int_identity__records as records
    on
        records.source_name = case bookings.programme when 'talon_one:37' then 'talon_one' else bookings.programme end
        and records.source_record_type = case bookings.programme when 'talon_one:37' then 'profile' else 'customer' end
        and bookings.member_id = records.source_record_id;

-- orders
create temp table orders as
select
    links.reference, links.order_id, orders.sales_channel
from (
    select reference, order_id from intermediate.int_orders__references
    union all
    select lower(order_id), order_id from intermediate.int_orders__unioned where sales_channel = 'pos'
    union all
    select substr(lower(order_id), strpos(order_id, ':') + 1), order_id
    from intermediate.int_orders__unioned where sales_channel = 'pos'
) as links
left join marts.orders as orders on links.order_id = orders.order_id
qualify count(distinct links.order_id) over (partition by links.reference) = 1;

-- local_days
create temp table local_days as
select programme, quarter, timezone(zone, timezone('UTC', make_timestamp(quarter * 900000000)))::date as local_day
from (values ('talon_one:37', 'America/New_York'), ('yotpo_loyalty', 'Europe/Berlin')) as zones (programme, zone),
    (
        select unnest(range(
            epoch_us(min(booked_at)) // 900000000,
            epoch_us(greatest(max(booked_at) + interval 9096 hours, max(expires_at))) // 900000000 + 1
        )) as quarter
        from intermediate.int_loyalty_bookings__unioned
    );

-- events
create temp table reversals as
select
    reversals.booking_id,
    min_by(spends.booking_id, (spends.booked_at, spends.booking_id)) as spend_id,
    min(spends.booked_at) as spent_at
from intermediate.int_loyalty_bookings__unioned as reversals
inner join intermediate.int_loyalty_bookings__unioned as spends
    on
        reversals.programme = spends.programme
        and reversals.member_id = spends.member_id
        and reversals.order_reference = spends.order_reference
where reversals.entry_type = 'spend_reversal' and spends.entry_type = 'spend'
group by reversals.booking_id, reversals.booked_at
having min(spends.booked_at) < reversals.booked_at;

-- events
create temp table events as
select
    hash(bookings.programme, bookings.member_id) as member,
    bookings.booking_id, bookings.programme, bookings.entry_type, bookings.booked_at as happened_at,
    abs(bookings.points * 100)::bigint as points,
    case
        when bookings.entry_type = 'clawback' then 'clawback'
        when bookings.entry_type = 'spend_reversal' then 'reversal'
        else 'draw'
    end as part,
    case when bookings.entry_type in ('spend', 'spend_reversal', 'clawback') then hash(bookings.order_reference) end
        as ordered,
    bookings.order_reference, reversals.spend_id,
    row_number() over (
        partition by hash(bookings.programme, bookings.member_id)
        order by
            bookings.booked_at,
            case bookings.entry_type when 'spend_reversal' then 1 when 'spend' then 3 when 'clawback' then 4 else 5 end,
            bookings.booking_id
    )::int as event_no
from intermediate.int_loyalty_bookings__unioned as bookings
left join reversals on bookings.booking_id = reversals.booking_id
where
    bookings.points < 0 and bookings.entry_type <> 'expire'
    or bookings.entry_type = 'spend_reversal' and reversals.booking_id is not null;

-- lots
create temp table lots as
select
    *,
    row_number() over burnt::int as lot_no,
    sum(points) over burnt::bigint as points_through,
    coalesce(active_at < max(active_at) over (burnt rows between unbounded preceding and 1 preceding), false) as is_late
from (
    select
        hash(programme, member_id) as member, booking_id as lot_id, entry_type, booked_at as earned_at,
        case activation
            when 'at' then greatest(coalesce(active_at, booked_at), booked_at) else booked_at + interval 336 hours
        end as active_at,
        case expiry
            when 'at' then greatest(expires_at, booked_at)
            when 'rule'
                then
                    case activation
                        when 'at' then greatest(coalesce(active_at, booked_at), booked_at)
                        else booked_at + interval 336 hours
                    end + interval 8760 hours
        end as expires_at,
        (points * 100)::bigint as points, order_reference
    from intermediate.int_loyalty_bookings__unioned
    where
        points >= 0 and entry_type <> 'expire'
        and (entry_type <> 'spend_reversal' or booking_id not in (select booking_id from reversals))
)
window burnt as (partition by member order by expires_at nulls last, earned_at, lot_id);

-- plain
create temp table others as
select member from events where part <> 'draw'
union
select lots.member from lots semi join events on lots.member = events.member where lots.is_late;

-- plain
create temp table plain_lots as
select member, lot_no, lot_id, active_at, expires_at, points, points_through
from lots
semi join events on lots.member = events.member
anti join others on lots.member = others.member;

-- plain
create temp table drawn as
with happenings as (
    select member, false as is_draw, lot_no as place, expires_at as happened_at, 0::bigint as points, points_through
    from plain_lots
    where expires_at is not null
    union all
    select member, true, event_no, happened_at, points, null
    from events
    anti join others on events.member = others.member
),
summed as (
    select
        *,
        sum(points) over (partition by member order by happened_at, is_draw, place)::bigint as drawn
    from happenings
),
fronts as (
    select
        member, is_draw, place, happened_at, points,
        drawn + greatest(coalesce(max(points_through - drawn) over (
            partition by member order by happened_at, is_draw, place), 0), 0) as front
    from summed
    qualify is_draw
)
select
    fronts.member, fronts.place as event_no, fronts.happened_at, plain_lots.lot_no, plain_lots.lot_id,
    least(front, plain_lots.points_through)
    - greatest(front - fronts.points, plain_lots.points_through - plain_lots.points) as points,
    plain_lots.active_at > fronts.happened_at as is_too_early
from fronts
inner join plain_lots
    on
        fronts.member = plain_lots.member
        and fronts.front > plain_lots.points_through - plain_lots.points
        and fronts.front - fronts.points < plain_lots.points_through;

-- plain
insert into others
select member from drawn where is_too_early
union
select events.member
from events
left join (select member, event_no, sum(points) as points from drawn group by all) as covered
    on events.member = covered.member and events.event_no = covered.event_no
anti join others on events.member = others.member
where coalesce(covered.points, 0) < events.points;

-- others
create temp table steps as
select
    *,
    row_number() over (partition by member order by happened_at, happening <> 'activation', place)::int as step
from (
    select
        events.member, events.event_no as place, events.happened_at, events.points, events.ordered, events.event_no,
        case when events.part = 'clawback' and own.member is null then 'clawback_any' else events.part end as happening
    from events
    semi join others on events.member = others.member
    left join (
        select member, hash(order_reference) as ordered, min(earned_at) as earned_at
        from lots
        semi join others on lots.member = others.member
        where order_reference is not null
        group by all
    ) as own
        on
            events.member = own.member and events.ordered = own.ordered
            and own.earned_at <= events.happened_at
    union all
    select lots.member, lots.lot_no, lots.active_at, 0, null, null, 'activation'
    from lots
    inner join (
        select member, min(happened_at) as happened_at from events where part = 'clawback' group by all
    ) as clawed on lots.member = clawed.member and lots.active_at > clawed.happened_at
);

-- others
create temp table played as
with recursive played as (
    select
        member, lot_no, 0 as step, 0 as event_no, earned_at as happened_at, earned_at, active_at, expires_at as until,
        points as remaining, hash(order_reference) as ordered, 0::bigint as debt, 0::bigint as points,
        0::bigint as lapsed, expires_at as lapsed_at, []::struct(ordered ubigint, points bigint)[] as spent
    from lots
    semi join others on lots.member = others.member
    union all
    select
        member, lot_no, step, event_no, happened_at, earned_at, active_at,
        case when points < 0 and until < happened_at then happened_at else until end as until,
        case when points < 0 and until < happened_at then 0 else remaining end - points as remaining,
        ordered,
        case happening
            when 'draw' then debt when 'reversal' then debt
            when 'activation' then debt - sum(points) over (partition by member)
            else debt + wanted - sum(points) over (partition by member)
        end::bigint as debt,
        points,
        case when points < 0 and until < happened_at then remaining else 0 end as lapsed,
        until as lapsed_at,
        case
            when points <> 0 and happening in ('draw', 'reversal') and step_ordered is not null
                then list_append(spent, {'ordered': step_ordered, 'points': points})
            else spent
        end as spent
    from (
        select
            *,
            (case happening when 'reversal' then -1 else 1 end
            * greatest(0, least(ready, wanted - coalesce(sum(ready) over (
                partition by member order by case happening when 'reversal' then -lot_no else lot_no end
                rows between unbounded preceding and 1 preceding), 0))))::bigint as points
        from (
            select
                played.* exclude (step, event_no, happened_at, points, lapsed, lapsed_at),
                steps.step, steps.event_no, steps.happened_at, steps.happening, steps.ordered as step_ordered,
                case steps.happening when 'activation' then played.debt else steps.points end as wanted,
                case
                    when steps.happening = 'reversal' then coalesce(list_sum(list_transform(
                        played.spent, lambda each: case when each.ordered = steps.ordered then each.points else 0 end
                    )), 0)
                    when played.until <= steps.happened_at then 0
                    when steps.happening = 'clawback'
                        then
                            case
                                when played.ordered = steps.ordered and played.earned_at <= steps.happened_at
                                    then played.remaining
                                else 0
                            end
                    when played.active_at > steps.happened_at then 0
                    when steps.happening = 'activation' and played.lot_no <> steps.place then 0
                    else played.remaining
                end::bigint as ready
            from played
            inner join steps on played.member = steps.member and steps.step = played.step + 1
        )
    )
)
select * from played;

-- taken
create temp table taken as
with moves as (
    select member, lot_no, lot_id, event_no, happened_at as moved_at, points, false as by_date
    from drawn
    anti join others on drawn.member = others.member
    union all
    select played.member, played.lot_no, lots.lot_id, played.event_no, played.happened_at, played.points, false
    from played
    inner join lots on played.member = lots.member and played.lot_no = lots.lot_no
    where played.points <> 0
    union all
    select played.member, played.lot_no, lots.lot_id, null, played.lapsed_at, played.lapsed, true
    from played
    inner join lots on played.member = lots.member and played.lot_no = lots.lot_no
    where played.lapsed > 0
    union all
    -- What came back late expires at another time than the lot; what is paid beyond the cut is not in the lot's state.
    select ends.member, ends.lot_no, lots.lot_id, null, ends.until, ends.remaining, true
    from (select * from played qualify step = max(step) over (partition by member)) as ends
    inner join lots on ends.member = lots.member and ends.lot_no = lots.lot_no
    where
        ends.remaining > 0 and ends.until is not null
        and (ends.until <> lots.expires_at or (ends.member, ends.lot_no) in (
            select (member, lot_no) from played where points <> 0 and happened_at >= timestamp '2026-01-01'
        ))
)
select
    moves.*, events.booking_id,
    case
        when moves.by_date then 'expire'
        when events.booking_id is null then 'repay'
        when events.entry_type in ('spend', 'spend_reversal', 'clawback') then events.entry_type
        else 'adjust'
    end as kind
from moves
left join events on moves.member = events.member and moves.event_no = events.event_no;

-- taken
create temp table missing as
select
    events.member, events.booking_id, events.happened_at as moved_at,
    case events.part when 'clawback' then 'debt' else 'uncovered' end as kind,
    case events.part when 'reversal' then -1 else 1 end * (events.points - coalesce(covered.points, 0)) as points
from events
left join (
    select member, event_no, sum(abs(points))::bigint as points from taken where event_no is not null group by all
) as covered on events.member = covered.member and events.event_no = covered.event_no
where events.points > coalesce(covered.points, 0);

-- loyalty_lots
create table by_hand.loyalty_lots as
with gone as (
    select
        member, lot_no, sum(points) as points,
        coalesce(sum(points) filter (where kind in ('spend', 'spend_reversal')), 0) as spent,
        coalesce(sum(points) filter (where kind = 'expire'), 0) as expired,
        coalesce(sum(points) filter (where kind = 'clawback'), 0) as clawed_back,
        coalesce(sum(points) filter (where kind = 'adjust'), 0) as adjusted,
        coalesce(sum(points) filter (where kind = 'repay'), 0) as repaid
    from taken
    where moved_at < timestamp '2026-01-01'
    group by member, lot_no
),
stated as (
    select
        lots.*, gone.* exclude (member, lot_no, points),
        lots.points - coalesce(gone.points, 0) as rest,
        coalesce(lots.expires_at < timestamp '2026-01-01', false) as is_over
    from lots
    left join gone on lots.member = gone.member and lots.lot_no = gone.lot_no
)
select
    stated.lot_id, members.programme, members.member_id, members.customer_id, stated.entry_type, orders.order_id,
    stated.earned_at, stated.active_at, stated.expires_at,
    local_days.local_day as expires_on,
    (stated.points::decimal(18, 2) / 100)::decimal(18, 2) as points_issued,
    (case when not is_over and stated.active_at >= timestamp '2026-01-01' then rest else 0 end::decimal(18, 2) / 100)
        ::decimal(18, 2) as points_pending,
    (case when not is_over and stated.active_at < timestamp '2026-01-01' then rest else 0 end::decimal(18, 2) / 100)
        ::decimal(18, 2) as points_available,
    (coalesce(spent, 0)::decimal(18, 2) / 100)::decimal(18, 2) as points_spent,
    ((coalesce(expired, 0) + case when is_over then rest else 0 end)::decimal(18, 2) / 100)::decimal(18, 2)
        as points_expired,
    (coalesce(clawed_back, 0)::decimal(18, 2) / 100)::decimal(18, 2) as points_clawed_back,
    (coalesce(adjusted, 0)::decimal(18, 2) / 100)::decimal(18, 2) as points_adjusted,
    (coalesce(repaid, 0)::decimal(18, 2) / 100)::decimal(18, 2) as points_repaid
from stated
inner join members on stated.member = members.member
left join local_days
    on
        members.programme = local_days.programme
        and epoch_us(stated.expires_at) // 900000000 = local_days.quarter
left join orders on stated.order_reference = orders.reference;

-- moves
create table by_hand.moves as
select lot_id, booking_id, kind, moved_at, points from taken
union all
select null, booking_id, kind, moved_at, points from missing
union all
select
    lot_id, null, 'expire', expires_at,
    ((points_expired + points_pending + points_available) * 100)::bigint
from by_hand.loyalty_lots
where
    expires_at is not null and points_expired + points_pending + points_available > 0
    and lot_id not in (select lot_id from taken where by_date or moved_at >= timestamp '2026-01-01');

-- loyalty_entries
create table by_hand.loyalty_entries as
with told as (
    select
        events.*, taken.points as taken, taken.lot_id,
        case events.part when 'reversal' then events.points else -events.points end as told
    from events
    left join (
        select
            booking_id, -sum(points) filter (where kind <> 'uncovered') as points,
            case when count(lot_id) = 1 then max(lot_id) end as lot_id
        from (
            select booking_id, kind, points, lot_id from taken
            union all
            select booking_id, kind, points, null from missing
        )
        where booking_id is not null
        group by booking_id
    ) as taken on events.booking_id = taken.booking_id
),
entries as (
    select
        lot_id as entry_id, programme, member_id, customer_id, entry_type, points_issued as points,
        points_issued as points_told, earned_at as occurred_at, lot_id, order_id, null::varchar as reverses_entry_id
    from by_hand.loyalty_lots
    union all
    select
        lot_id || ':activate', programme, member_id, customer_id, 'activate', 0, null, active_at, lot_id, order_id,
        null
    from by_hand.loyalty_lots
    where
        active_at > earned_at and (expires_at is null or expires_at > active_at)
        and active_at < timestamp '2026-01-01'
    union all
    select
        lot_id || ':expire', programme, member_id, customer_id, 'expire', -points_expired, null, expires_at, lot_id,
        order_id, null
    from by_hand.loyalty_lots
    where
        expires_at < timestamp '2026-01-01' and points_expired > 0
        and lot_id not in (select lot_id from taken where by_date)
    union all
    select
        taken.lot_id || ':expire' || case when moved_at = expires_at then '' else ':' || moved_at::varchar end,
        programme, member_id, customer_id, 'expire', (-points::decimal(18, 2) / 100)::decimal(18, 2), null, moved_at,
        taken.lot_id, order_id, null
    from taken
    inner join by_hand.loyalty_lots as lots on taken.lot_id = lots.lot_id
    where by_date and moved_at < timestamp '2026-01-01'
    union all
    select
        told.booking_id, members.programme, members.member_id, members.customer_id, told.entry_type,
        (coalesce(told.taken, 0)::decimal(18, 2) / 100)::decimal(18, 2),
        (told.told::decimal(18, 2) / 100)::decimal(18, 2),
        told.happened_at, told.lot_id, orders.order_id,
        case told.entry_type when 'clawback' then told.lot_id else told.spend_id end
    from told
    inner join members on told.member = members.member
    left join orders on told.order_reference = orders.reference
)
select
    entry_id, entries.programme, member_id, customer_id, entry_type, points, points_told, occurred_at,
    local_days.local_day as occurred_on,
    lot_id, entries.order_id, reverses_entry_id, sales_channel
from entries
inner join local_days
    on entries.programme = local_days.programme and epoch_us(occurred_at) // 900000000 = local_days.quarter
left join (select distinct order_id, sales_channel from orders) as orders on entries.order_id = orders.order_id;

-- loyalty_balance_history
create table by_hand.loyalty_balance_history as
with moves as (
    select
        taken.member, taken.lot_no, taken.moved_at, taken.points, taken.kind,
        taken.moved_at < lots.active_at or lots.expires_at <= lots.active_at as is_pending
    from taken
    inner join lots on taken.member = lots.member and taken.lot_no = lots.lot_no
),
changes as (
    select
        member, enrolled_at as changed_at, 0::bigint as available, 0::bigint as pending, 0::bigint as debt
    from members
    union all
    select
        lots.member, lots.earned_at as changed_at, 0::bigint as available, lots.points as pending, 0::bigint as debt
    from lots
    union all
    select
        lots.member, lots.active_at, lots.points - coalesce(gone.points, 0), coalesce(gone.points, 0) - lots.points, 0
    from lots
    left join (select member, lot_no, sum(points)::bigint as points from moves where is_pending group by all) as gone
        on lots.member = gone.member and lots.lot_no = gone.lot_no
    where (lots.expires_at > lots.active_at or lots.expires_at is null) and lots.active_at < timestamp '2026-01-01'
    union all
    select
        member, expires_at, case when expires_at > active_at then -expired else 0 end,
        case when expires_at > active_at then 0 else -expired end, 0
    from (
        select
            hash(programme, member_id) as member, active_at, expires_at, (points_expired * 100)::bigint as expired
        from by_hand.loyalty_lots
        where
            expires_at < timestamp '2026-01-01' and points_expired > 0
            and lot_id not in (select lot_id from taken where by_date)
    )
    union all
    select
        member, moved_at, case when is_pending then 0 else -points end, case when is_pending then -points else 0 end,
        case kind when 'repay' then -points else 0 end
    from moves
    where moved_at < timestamp '2026-01-01'
    union all
    select member, moved_at, 0, 0, points from missing where kind = 'debt'
),
days as (
    select
        changes.member, local_days.local_day as changed_on, changes.available, changes.pending, changes.debt
    from changes
    inner join members on changes.member = members.member
    inner join local_days
        on members.programme = local_days.programme and epoch_us(changes.changed_at) // 900000000 = local_days.quarter
),
balances as (
    select
        member, changed_on, lead(changed_on) over upto as next_changed_on,
        sum(available) over upto as available, sum(pending) over upto as pending, sum(debt) over upto as debt
    from days
    window upto as (partition by member order by changed_on rows between unbounded preceding and current row)
    qualify lead(changed_on) over upto is distinct from changed_on
)
select
    members.programme, members.member_id, members.customer_id, balances.changed_on as valid_from,
    balances.next_changed_on as valid_to,
    (available::decimal(18, 2) / 100)::decimal(18, 2) as points_available,
    (pending::decimal(18, 2) / 100)::decimal(18, 2) as points_pending,
    (debt::decimal(18, 2) / 100)::decimal(18, 2) as points_debt
from balances
inner join members on balances.member = members.member;
