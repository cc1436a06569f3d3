"""
Talon.One: the loyalty programme of the first shop (of all shops where Yotpo Loyalty is not simulated), its promotions.

Members are known by their loyalty card, so the warehouse reads this with `talon_one_profile_id: loyalty_id`. The ledger
holds additions and subtractions and nothing for activation and expiry; points that come back with a whole order are
one addition without an end, whatever lots they came from. Ledger and tiers are spelt as the CSV exports spell them,
balances as theirs, the rest as the API does. Every change of a cart repeats all effects.
"""

from simulator.loader import Delivery, Spoil
from simulator.systems.shopify.content import ORDER_ID

NEEDS = ("marketing", "web")
PROGRAMME, SANDBOX, ZONE = 37, 38, "America/New_York"
CAMPAIGN_ID, LOYALTY_CAMPAIGN, EVENT_ID = 100, 5, 90_000_000
# A till's cart is known by its receipt.
SESSION = f"""case when channel = 'till' then store_id || ':R' || sale_number(order_key, store_id)
    else ({ORDER_ID} + order_key)::varchar end"""


def write(delivery: Delivery) -> None:
    content(delivery)
    if delivery.is_first:
        settings_of_the_programme(delivery)
    ledger(delivery)
    balances(delivery)
    tiers(delivery)
    profiles(delivery)
    sessions(delivery)
    effects(delivery)
    referrals(delivery)


def content(delivery: Delivery) -> None:
    """Who is in this programme, and the carts of its shop."""
    has_rival = "yotpo_loyalty" in delivery.settings.systems
    delivery.con.execute(
        f"""
        create table part.talon_members as
        select members.*, people.loyalty_email, people.phone, people.shop_id, people.birth_on
        from life.loyalty_members as members join life.people as people using (person_id)
        where shop_id = 0 or not {has_rival};

        create table part.talon_carts as
        select {SESSION} as session_id, order_key, orders.person_id, members.loyalty_id as profile_id, ordered_at,
            cancelled_at, case when cancelled_at is null then refunded_at end as refunded_at, gross_cents, code,
            gross_cents - net_cents as off_cents, points_earned, points_spent
        from life.orders as orders
        left join part.talon_members as members
            on members.person_id = case when not orders.is_guest and (orders.channel = 'web' or orders.shows = 'card')
                then orders.person_id end
                and members.joined_at <= orders.ordered_at
        where orders.origin = 'purchase' and orders.state <> 'test' and (orders.shop_id = 0 or not {has_rival})
            and (orders.channel = 'web' or members.person_id is not null);
        """
    )
    delivery.record("profile", "select loyalty_id, person_id, true from part.talon_members")


def settings_of_the_programme(delivery: Delivery) -> None:
    delivery.deliver(
        "loyalty_programs",
        f"""
        select id, name, name as title, '{ZONE}' as timezone, '365D' as "defaultValidity", '14D' as "defaultPending",
            '[{{"name":"Bronze","minPoints":0,"id":1}},{{"name":"Silver","minPoints":150,"id":2}}]' as tiers,
            false as "cardBased", id = {SANDBOX} as sandbox, true as "allowSubledger", 'unlimited' as "returnPolicy",
            'points_activated' as "programJoinPolicy", 'tier_start_date' as "tiersExpirationPolicy",
            'balance_based' as "tiersDowngradePolicy", first_load_at as _load_at
        from life.settings, (values ({PROGRAMME}, 'club'), ({SANDBOX}, 'playground')) as programmes (id, name)
        """,
        key=("id",),
    )
    codes = f"""
        select promotion_id, name, code, begins_on::timestamp as begins_at, ends_on::timestamp as ends_at
        from life.promotions where code is not null
        union all select 90, 'Welcome', 'WELCOME10', timestamp '2023-01-01', null
        union all select {LOYALTY_CAMPAIGN} - {CAMPAIGN_ID}, 'Loyalty', null, timestamp '2023-01-01', null
    """
    delivery.deliver(
        "campaigns",
        f"""
        select {CAMPAIGN_ID} + promotion_id as id, 1 as "applicationId", name, 'enabled' as state,
            strftime(begins_at, '%Y-%m-%dT%H:%M:%SZ') as "startTime",
            strftime(ends_at, '%Y-%m-%dT%H:%M:%SZ') as "endTime",
            '[]' as tags, first_load_at as _load_at
        from ({codes}), life.settings
        """,
        key=("id",),
        spoils=(Spoil("id"),),
    )
    delivery.deliver(
        "coupons",
        f"""
        select promotion_id as id, lower(code) as value, {CAMPAIGN_ID} + promotion_id as "campaignId",
            0 as "usageLimit", 100 as "usageCounter", 0.0 as "discountCounter",
            null::varchar as "recipientIntegrationId", 0 as "referralId",
            strftime(begins_at, '%Y-%m-%dT%H:%M:%SZ') as "startDate",
            strftime(ends_at, '%Y-%m-%dT%H:%M:%SZ') as "expiryDate", false as deleted, first_load_at as _load_at
        from ({codes}), life.settings where code is not null
        """,
        key=("id",),
        spoils=(Spoil("value"), Spoil("id")),
    )


def ledger(delivery: Delivery) -> None:
    trap = delivery.settings.trap
    delivery.con.execute(
        f"""
        create table part.talon_bookings as
        with entries as (
            select entry_key, entries.person_id, members.loyalty_id, members.points_debt, entry_type, points,
                occurred_at, entries.order_key, lots.lot_no, lots.active_at, lots.expires_at, '' as subledger
            from life.loyalty_entries as entries
            join part.talon_members as members using (person_id)
            left join life.loyalty_lots as lots on lots.person_id = entries.person_id
                and lots.lot_no = case when entries.entry_type = 'earn' then entries.lot_no end
            where entry_type in ('earn', 'spend', 'clawback', 'spend_reversal')
        ),
        birthdays as (
            -- Points that wait for an action which never comes, in a ledger of their own.
            select person_id * 10000 + 9999 as entry_key, person_id, loyalty_id, 0 as points_debt, 'earn' as entry_type,
                20 as points, given_at as occurred_at, null as order_key, null as lot_no, null as active_at,
                null as expires_at, 'birthday' as subledger
            from part.talon_members, life.settings,
            lateral (select make_timestamp(2025, month(birth_on), least(day(birth_on), 28), 12, 0, 0.0) as given_at)
                as days
            where chance('waiting_points', person_id::varchar) < {trap("waiting_points")}
                and given_at >= joined_at and given_at < cut_at
        )
        select bookings.*, md5('talon/' || entry_key)::uuid::varchar as uuid, carts.session_id
        from (from entries union all from birthdays) as bookings
        -- The ledger names the order also where no cart can be exported any more, as of renewals.
        left join (select order_key, {SESSION} as session_id from life.orders) as carts using (order_key)
        order by entry_key
        """
    )
    delivery.deliver(
        "loyalty_transactions",
        f"""
        with bookings as (
            select *, {PROGRAMME} as programme, false as is_sandbox from part.talon_bookings
            union all
            select * replace (md5('play/' || uuid)::uuid::varchar as uuid), {SANDBOX}, true from part.talon_bookings
            where chance('sandbox', uuid) < {trap("sandbox")}
        )
        select
            entry_key as id,
            uuid as transactionuuid,
            strftime(occurred_at, '%Y-%m-%d %H:%M:%S') as created,
            programme as programid,
            subledger as subledgerid,
            case when points >= 0 then 'addition' else 'subtraction' end as type,
            abs(points)::varchar || '.00' as amount,
            case
                when subledger <> '' then 'Happy birthday'
                when entry_type = 'earn' and order_key is null then 'Welcome'
                when entry_type = 'earn' then 'Points for an order'
                when entry_type = 'spend' then 'Reward'
                when entry_type = 'clawback' then 'Rollback of added points'
                else 'Rollback of deducted points'
            end as name,
            case
                when subledger <> '' then 'on_action'
                when active_at is null then 'immediate'
                else strftime(active_at, '%Y-%m-%dT%H:%M:%SZ')
            end as startdate,
            coalesce(strftime(expires_at, '%Y-%m-%dT%H:%M:%SZ'), 'unlimited') as expirydate,
            case when subledger <> '' then '30D' end as validityduration,
            loyalty_id as customerprofileid,
            null::varchar as cardidentifier,
            session_id as customersessionid,
            case when entry_type = 'earn' then {LOYALTY_CAMPAIGN} else 0 end as campaignid,
            1691 as rulesetid,
            case when entry_type = 'clawback' and points_debt > 0 then 'createsNegativeBalance' end as flags,
            load_after(occurred_at) as _load_at,
            is_sandbox as _is_tombstone,
            case when is_sandbox then 'sandbox' when subledger <> '' then 'waiting_points'
                when active_at >= (select cut_at from life.settings) then 'pending_points' end as _oddity
        from bookings
        """,
        key=("transactionuuid",),
        spoils=(Spoil("amount", "'n/a'"), Spoil("created"), Spoil("startdate", "'soon'"), Spoil("transactionuuid")),
        trap="_oddity",
    )
    delivery.tell(
        "talon_one_bookings",
        """
        select uuid as transaction_uuid, person_id, loyalty_id, entry_type, points, occurred_at, active_at, expires_at,
            lot_no, order_key, session_id, case subledger when '' then 'main' else subledger end as subledger,
            coalesce(is_staged, false) as is_staged
        from part.talon_bookings
        left join part.talon_one__loyalty_transactions as landed on landed.record_key = uuid
        """,
    )


def balances(delivery: Delivery) -> None:
    """One snapshot at the end of as_of, and one a month in the year before of everybody who never was in debt."""
    drift = delivery.settings.trap("platform_drift")
    delivery.con.execute(
        f"""
        create table part.talon_snapshots as
        with months as (
            select unnest(generate_series(date_trunc('month', cut_at) - interval 11 month, cut_at - interval 1 day,
                interval 1 month)) as snapshot_at
            from life.settings
        ),
        indebted as (
            select person_id from life.loyalty_lots where points_repaid > 0
            union select person_id from part.talon_members where points_debt > 0
        ),
        moved as (
            select person_id, snapshot_at,
                sum(points) as points,
                -sum(points) filter (where entry_type in ('spend', 'spend_reversal')) as spent,
                -sum(points) filter (where entry_type = 'expire') as expired,
                coalesce(sum(points) filter (
                    where entry_type in ('earn', 'clawback') and lots.active_at > snapshot_at
                ), 0) as pending
            from life.loyalty_entries as entries
            join part.talon_members as members using (person_id)
            anti join indebted using (person_id)
            join months on entries.occurred_at <= snapshot_at
            left join life.loyalty_lots as lots using (person_id, lot_no)
            where snapshot_at >= (select first_load_at from life.settings)
            group by all
        )
        select person_id, loyalty_id, snapshot_at, points - pending as available, pending, 0 as drift, spent, expired,
            'Bronze' as tier
        from moved join part.talon_members using (person_id)
        union all
        select members.person_id, loyalty_id, cut_at - interval 1 second, points_available, points_pending,
            case when chance('platform_drift', members.person_id::varchar) < {drift} then 10 else 0 end,
            lots.spent, lots.expired, tier
        from part.talon_members as members, life.settings,
        lateral (select sum(points_spent) as spent, sum(points_expired) as expired from life.loyalty_lots as lots
            where lots.person_id = members.person_id) as lots
        """
    )
    delivery.deliver(
        "loyalty_balances",
        f"""
        select {PROGRAMME} as "loyaltyProgramID", '' as "loyaltySubledger", loyalty_id as "profileIntegrationID",
            (available + drift)::varchar || '.00' as "currentBalance", pending::varchar || '.00' as "pendingBalance",
            coalesce(expired, 0)::varchar || '.00' as "expiredBalance",
            coalesce(spent, 0)::varchar || '.00' as "spentBalance",
            tier as "currentTier", strftime(snapshot_at, '%Y-%m-%d %H:%M:%S') as snapshot_at,
            load_after(snapshot_at) as _load_at, case when drift <> 0 then 'platform_drift' end as _oddity
        from part.talon_snapshots
        """,
        key=("profileIntegrationID", "snapshot_at"),
        spoils=(Spoil("currentBalance", "'-'"), Spoil("profileIntegrationID")),
        trap="_oddity",
    )
    delivery.tell(
        "loyalty_snapshots",
        """
        select 'talon_one' as source_name, person_id, loyalty_id as member_id, snapshot_at, available, pending,
            drift <> 0 as is_drifted
        from part.talon_snapshots
        """,
    )


def tiers(delivery: Delivery) -> None:
    """Who entered a tier is in the next export, who is in one at the end in the last."""
    delivery.con.execute(
        """
        create table part.talon_stays as
        with starts as (
            select person_id, tier, changed_at as started_at from life.loyalty_tiers
            union all
            select person_id, 'Bronze', joined_at from part.talon_members
        )
        select members.person_id, loyalty_id, starts.tier, started_at,
            lead(started_at) over (partition by members.person_id order by started_at) as ended_at, tier_until_at
        from starts join part.talon_members as members using (person_id)
        """
    )
    delivery.deliver(
        "customers_tiers",
        f"""
        with exports as (
            select stays.*, load_after(started_at) as _load_at from part.talon_stays as stays
            union all
            select stays.*, last_load_at from part.talon_stays as stays, life.settings
            where ended_at is null and load_after(started_at) < last_load_at
        )
        select {PROGRAMME} as programid, '' as subledgerid, loyalty_id as customerprofileid, tier as tiername,
            strftime(timezone('{ZONE}', utc(started_at)), '%Y-%m-%dT%H:%M:%S') as startdate,
            strftime(timezone('{ZONE}', utc(tier_until_at)), '%Y-%m-%dT%H:%M:%S') as expirydate,
            _load_at
        from exports
        """,
        key=("customerprofileid", "tiername", "startdate"),
        spoils=(Spoil("tiername"), Spoil("customerprofileid"), Spoil("startdate", "'yesterday'")),
    )


def profiles(delivery: Delivery) -> None:
    delivery.deliver(
        "customer_profiles",
        """
        with people as (
            select person_id as id, loyalty_id, loyalty_email as email, joined_at, false as sandbox
            from part.talon_members
            union all
            select -1, 'tester-1', 'tester@example.com', first_load_at, true from life.settings
            where (select min(person_id) from life.people) = 0
        )
        select
            id, loyalty_id as "integrationId", strftime(joined_at, '%Y-%m-%dT%H:%M:%SZ') as created,
            case when email is null then '{"Language":"english"}'
                else '{"Email":' || quoted(email) || ',"Language":"english"}' end as attributes,
            1 as "closedSessions", 0.0 as "totalSales", strftime(joined_at, '%Y-%m-%dT%H:%M:%SZ') as "lastActivity",
            sandbox, load_after(joined_at) as _load_at, sandbox as _is_tombstone,
            case when sandbox then 'sandbox' end as _oddity
        from people
        """,
        key=("integrationId",),
        spoils=(Spoil("integrationId"),),
        trap="_oddity",
    )


def sessions(delivery: Delivery) -> None:
    delivery.deliver(
        "customer_sessions",
        """
        with states as (
            select session_id, profile_id, order_key, gross_cents, code, ordered_at, ordered_at as updated_at,
                'closed' as state, null::timestamp as cancelled_at
            from part.talon_carts
            union all
            select session_id, profile_id, order_key, gross_cents, code, ordered_at, cancelled_at, 'cancelled',
                cancelled_at
            from part.talon_carts where cancelled_at is not null
            union all
            select session_id, profile_id, order_key, gross_cents, code, ordered_at, refunded_at, 'partially_returned',
                null
            from part.talon_carts where refunded_at is not null
            union all
            select 'cart-' || cart_key, members.loyalty_id, null, value_cents, null, created_at, created_at, 'open',
                null
            from life.carts as carts left join part.talon_members as members using (person_id)
            where carts.order_key is null and carts.shop_id = 0
        )
        select
            hash(session_id)::varchar as id,
            states.session_id as "integrationId",
            coalesce(states.profile_id, '') as "profileIntegrationId",
            state,
            (gross_cents / 100.0)::decimal(18, 2)::varchar as total,
            case when states.code is null then '[]' else '["' || states.code || '"]' end as coupons,
            coalesce(referrals.code, '') as referral,
            strftime(ordered_at - interval 20 minute, '%Y-%m-%dT%H:%M:%SZ') as created,
            utc(updated_at) as updated,
            case when state <> 'open' then strftime(ordered_at, '%Y-%m-%dT%H:%M:%SZ') end as closedat,
            strftime(cancelled_at, '%Y-%m-%dT%H:%M:%SZ') as cancelledat,
            load_after(updated_at) as _load_at
        from states
        left join (select order_key, referrals.code from life.referrals as referrals
            join part.talon_members as advocates on advocates.person_id = referrals.advocate_person_id
            where order_key is not null) as referrals using (order_key)
        """,
        key=("integrationId",),
        changed_at="updated",
        spoils=(Spoil("integrationId"), Spoil("created")),
    )


def effects(delivery: Delivery) -> None:
    """What each change of a cart was answered; the last one is the order. A return is answered with rollbacks."""
    delivery.con.execute(
        """
        create table part.talon_effects as
        with wanted as (
            select order_key, session_id, profile_id, ordered_at, 'setDiscount' as name,
                coalesce(code, 'Rule') as label, off_cents / 100.0 as final
            from part.talon_carts where off_cents > 0
            union all
            select order_key, session_id, profile_id, ordered_at, 'addLoyaltyPoints', 'Points', points_earned
            from part.talon_carts where points_earned > 0
            union all
            select order_key, session_id, profile_id, ordered_at, 'deductLoyaltyPoints', 'Reward', points_spent
            from part.talon_carts where points_spent > 0
            union all
            select order_key, session_id, profile_id, ordered_at, 'acceptCoupon', code, null
            from part.talon_carts where code is not null
        )
        select *, 1 + (order_key % 3) as changes from wanted
        """
    )
    delivery.deliver(
        "effects",
        f"""
        with answers as (
            select order_key, session_id, profile_id, name, label, unnest(generate_series(1, changes)) as change,
                changes, final, ordered_at
            from part.talon_effects
        ),
        lost as (
            select order_key, -sum(points) filter (where entry_type = 'clawback') as clawed,
                sum(points) filter (where entry_type = 'spend_reversal') as given, max(occurred_at) as occurred_at
            from part.talon_bookings where entry_type in ('clawback', 'spend_reversal') group by order_key
        ),
        everything as (
            select order_key * 10 + change as event, session_id, profile_id, name, label,
                -- Earlier carts were smaller.
                case when final is null then label else (final * change / changes)::decimal(18, 2)::varchar end
                    as value,
                ordered_at - to_minutes(((changes - change) * 6)::int) as created_at,
                case when change < changes then 'repeated_effect' end as _oddity
            from answers
            union all
            select order_key * 10 + 9, session_id, profile_id, name, label, points::varchar, occurred_at, null
            from lost join part.talon_carts as carts using (order_key),
            lateral (values
                ('rollbackAddedLoyaltyPoints', 'Points', clawed), ('rollbackDeductedLoyaltyPoints', 'Reward', given)
            ) as rollbacks (name, label, points)
            where points > 0
            union all
            select order_key * 10 + 1, session_id, profile_id, 'rejectCoupon', 'Coupon', 'XMAS', ordered_at, null
            from part.talon_carts where order_key % 40 = 0
        )
        select strftime(created_at, '%Y-%m-%dT%H:%M:%SZ') as created, name,
            case when name like 'rollback%' then 'talon_session_returned' else 'talon_session_updated' end
                as "eventType",
            {EVENT_ID} + event as eventid, 0 as campaignid, 1 as rulesetid, 0 as ruleindex, 0 as couponid,
            session_id as sessionintegrationid, coalesce(profile_id, '') as profileintegrationid, 0.0 as total_revenue,
            '{{"name":' || quoted(label) || ',"value":' || case when name in ('acceptCoupon', 'rejectCoupon')
                then quoted(value) else value end
                || case name when 'rejectCoupon' then ',"rejectionReason":"CouponNotFound"' else '' end || '}}'
                as props,
            load_after(created_at) as _load_at, _oddity
        from everything
        where created_at < (select cut_at from life.settings)
        """,
        key=("eventid", "name", "props"),
        spoils=(Spoil("eventid"), Spoil("props", "'{\"name\":'"), Spoil("created")),
        trap="_oddity",
    )
    delivery.tell(
        "session_effects",
        """
        select effects.session_id, effects.order_key, effects.person_id, name, label,
            case name when 'addLoyaltyPoints' then final - coalesce(clawed, 0)
                when 'deductLoyaltyPoints' then final - coalesce(given, 0) else final end as amount
        from (select effects.*, carts.person_id, carts.cancelled_at from part.talon_effects as effects
            join part.talon_carts as carts using (order_key)) as effects
        left join (
            select order_key, -sum(points) filter (where entry_type = 'clawback') as clawed,
                sum(points) filter (where entry_type = 'spend_reversal') as given
            from part.talon_bookings group by order_key
        ) as lost using (order_key)
        where cancelled_at is null
        """,
    )


def referrals(delivery: Delivery) -> None:
    """One code per advocate. Whose code was used stands on the carts; a friend without a card stays unknown."""
    delivery.con.execute(
        """
        create table part.talon_referrals as
        select referrals.*, advocates.loyalty_id as advocate_id, carts.profile_id as friend_id
        from life.referrals as referrals
        join part.talon_members as advocates on advocates.person_id = referrals.advocate_person_id
        left join part.talon_carts as carts using (order_key)
        """
    )
    delivery.deliver(
        "referrals",
        """
        select advocate_person_id as id, code, 78 as "campaignId", advocate_id as "advocateProfileIntegrationId",
            null::varchar as "friendProfileIntegrationId", strftime(min(invited_at), '%Y-%m-%dT%H:%M:%SZ') as created,
            0 as "usageLimit", count(completed_at) as "usageCounter", load_after(min(invited_at)) as _load_at
        from part.talon_referrals group by advocate_person_id, code, advocate_id
        """,
        key=("id",),
        spoils=(Spoil("code"), Spoil("id")),
    )
    delivery.tell(
        "referrals",
        """
        select 'talon_one' as source_name, advocate_person_id, friend_person_id, 'completed' as referral_state,
            completed_at, is_self
        from part.talon_referrals where friend_id is not null and completed_at is not null
        """,
    )
