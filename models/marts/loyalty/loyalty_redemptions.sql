-- Grain: one redemption, a booking that spends points; also one that was given back later. Points of a redemption that
-- comes back with its order are not taken off here, see loyalty_entries. points_available_before is what the ledger had
-- for the member at that instant: who spends more has points_uncovered. Trap: broke_unlock_rule is null where a rule
-- asks for an order's worth and the order is not known.
with

bookings as (
    select * from {{ ref('int_loyalty_bookings__unioned') }}
    where entry_type = 'spend'
),

entries as (
    select * from {{ ref('loyalty_entries') }}
),

lots as (
    select * from {{ ref('int_loyalty__lots') }}
    where scenario = 'live'
),

lot_moves as (
    select
        lots.programme,
        lots.member_id,
        lots.member_no,
        lots.lot_id,
        lots.active_at,
        lots.order_reference,
        moves.booking_id,
        moves.kind,
        moves.moved_at,
        moves.points
    from {{ ref('int_loyalty__moves') }} as moves
    inner join lots on moves.member_no = lots.member_no and moves.lot_no = lots.lot_no
),

orders as (
    select * from {{ ref('orders') }}
),

rules as (
    select * from {{ ref('int_loyalty__rules') }}
    where scenario = 'live'
),

point_in_time as (
    select * from {{ ref('point_in_time') }}
),

parcels as (
    select
        shipment_orders.order_id,
        min(shipments.shipped_on) as shipped_on
    from {{ ref('shipment_orders') }} as shipment_orders
    inner join {{ ref('shipments') }} as shipments on shipment_orders.shipment_id = shipments.shipment_id
    group by shipment_orders.order_id
),

purchase_days as (
    select * from {{ ref('int_metrics__purchase_days') }}
),

-- What could be spent changes when a lot becomes usable and, from then on, with what moves it. The order of changes at
-- one instant is the ledger's: activations, returns, expiries, spends by booking, and the rest.
changes as (
    select
        programme,
        member_id,
        active_at as happened_at,
        1 as turn,
        '' as booking_id,
        points
    from lots
    where active_at is not null
    union all
    select
        programme,
        member_id,
        greatest(moved_at, active_at) as happened_at,
        case
            when moved_at < active_at then 1
            when kind = 'repay' then 1
            when kind = 'spend_reversal' then 2
            when kind = 'expire' then 4
            when kind = 'spend' then 5
            else 6
        end as turn,
        case when kind = 'spend' then booking_id else '' end as booking_id,
        -points as points
    from lot_moves
    where active_at is not null
    union all
    select
        programme,
        member_id,
        booked_at as happened_at,
        5 as turn,
        booking_id,
        0 as points
    from bookings
),

summed as (
    select
        programme,
        member_id,
        happened_at,
        turn,
        booking_id,
        cast(sum(points) as bigint) as points
    from changes
    group by programme, member_id, happened_at, turn, booking_id
),

balances as (
    select
        *,
        sum(points) over (
            partition by programme, member_id
            order by happened_at, turn, booking_id rows between unbounded preceding and current row
        ) - points as points_before
    from summed
),

before as (
    select
        balances.booking_id,
        balances.points_before
    from balances
    inner join bookings on balances.booking_id = bookings.booking_id and balances.happened_at = bookings.booked_at
    where balances.turn = 5
),

earnings as (
    select
        lot_id,
        max(case sales_channel when 'pos' then 'pos' when 'online' then 'online' when 'subscription' then 'online' end)
            as earning_channel
    from entries
    where lot_id is not null and entry_type = 'earn'
    group by lot_id
),

taken as (
    select
        lot_moves.booking_id,
        sum(lot_moves.points) as points,
        sum(case when earnings.earning_channel = 'online' then lot_moves.points else 0 end) as earned_online,
        sum(case when earnings.earning_channel = 'pos' then lot_moves.points else 0 end) as earned_pos,
        max({{ spends_own_earning('bookings.order_reference', 'lot_moves.order_reference') }}) as has_spent_own_earning
    from lot_moves
    inner join bookings on lot_moves.booking_id = bookings.booking_id
    left join earnings on lot_moves.lot_id = earnings.lot_id
    where lot_moves.kind = 'spend'
    group by lot_moves.booking_id
),

redemptions as (
    select
        bookings.booking_id as redemption_id,
        bookings.programme,
        bookings.member_id,
        entries.customer_id,
        bookings.booked_at as redeemed_at,
        cast({{ utc_to_local('bookings.booked_at', 'rules.time_zone') }} as date) as redeemed_on,
        -- The day of the order itself, which is the reporting zone's.
        greatest(
            cast({{ utc_to_local('bookings.booked_at', 'point_in_time.reporting_timezone') }} as date),
            orders.ordered_on
        ) as ordered_on,
        entries.order_id,
        orders.sales_channel,
        orders.gross_revenue as order_subtotal,
        {{ as_points('coalesce(taken.points, 0)') }} as points,
        {{ as_points('coalesce(taken.earned_online, 0)') }} as points_earned_online,
        {{ as_points('coalesce(taken.earned_pos, 0)') }} as points_earned_pos,
        -bookings.points as points_told,
        {{ as_points('before.points_before') }} as points_available_before,
        coalesce(taken.has_spent_own_earning, false) as has_spent_own_earning,
        rules.unlock_above_points,
        rules.unlock_minimum_order
    from bookings
    cross join point_in_time
    inner join before on bookings.booking_id = before.booking_id
    inner join rules
        on bookings.programme = rules.programme and {{ is_in_force_at('rules', 'bookings.booked_at') }}
    left join entries on bookings.booking_id = entries.entry_id
    left join orders on entries.order_id = orders.order_id
    left join taken on bookings.booking_id = taken.booking_id
),

returns as (
    select
        redemptions.redemption_id,
        min(purchase_days.ordered_on) as next_ordered_on
    from redemptions
    inner join purchase_days
        on
            redemptions.customer_id = purchase_days.customer_id
            and redemptions.ordered_on < purchase_days.ordered_on
    group by redemptions.redemption_id
)

select
    redemptions.redemption_id,
    redemptions.programme,
    redemptions.member_id,
    redemptions.customer_id,
    redemptions.order_id,
    redemptions.sales_channel,
    redemptions.redeemed_at,
    redemptions.redeemed_on,
    redemptions.points,
    cast(redemptions.points_told - redemptions.points as decimal(18, 2)) as points_uncovered,
    redemptions.points_earned_online,
    redemptions.points_earned_pos,
    redemptions.points_available_before,
    redemptions.order_subtotal,
    redemptions.has_spent_own_earning,
    redemptions.has_spent_own_earning
    or not {{ may_redeem(
        'redemptions.points_available_before', 'redemptions.order_subtotal', 'redemptions.unlock_above_points',
        'redemptions.unlock_minimum_order'
    ) }} as broke_unlock_rule,
    case when redemptions.sales_channel = 'pos' then redemptions.redeemed_on else parcels.shipped_on end
        as fulfilled_on,
    cast(
        case
            when redemptions.sales_channel = 'pos' then 0
            when parcels.shipped_on is not null
                then greatest({{ days_between('redemptions.redeemed_on', 'parcels.shipped_on') }}, 0)
        end as bigint
    ) as days_to_fulfilment,
    returns.next_ordered_on
from redemptions
left join parcels on redemptions.order_id = parcels.order_id
left join returns on redemptions.redemption_id = returns.redemption_id
