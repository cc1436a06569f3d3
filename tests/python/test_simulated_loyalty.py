"""Every lot, balance and tier of the simulated shop, against what happened. Tiers have a module of their own."""

from datetime import date

import pytest

# Members of whom every booking was readable: the others' ledgers cannot be known.
TALON_LOTS = """
    select bookings.transaction_uuid, lots.*
    from truth.loyalty_lots as lots
    join truth.talon_one_bookings as bookings
        on bookings.person_id = lots.person_id and bookings.lot_no = lots.lot_no and bookings.entry_type = 'earn'
    where not exists (
        from truth.talon_one_bookings as spoilt where spoilt.person_id = lots.person_id and not spoilt.is_staged
    )
"""
YOTPO_MEMBERS = """
    select told.person_id, ours.member_id
    from truth.loyalty_snapshots as told
    join staging.stg_yotpo_loyalty__customers as ours on ours.email = told.member_id
    where told.source_name = 'yotpo_loyalty' and ours.is_current and ours.member_id not like '%@%'
"""
STATES = ("issued", "pending", "available", "spent", "expired", "clawed_back", "repaid")


def states(table: str) -> str:
    return ", ".join(f"{table}.points_{state}::decimal(18, 2)" for state in STATES)


def test_every_lot_of_talon_one(simulated):
    simulated.same(
        f"""
        select substr(ours.lot_id, 11), ours.earned_at, ours.active_at, ours.expires_at, {states("ours")}
        from marts.loyalty_lots as ours
        semi join ({TALON_LOTS}) as told on ours.lot_id = 'talon_one:' || told.transaction_uuid
        """,
        f"select transaction_uuid, earned_at, active_at, expires_at, {states('told')} from ({TALON_LOTS}) as told",
        20_000,
    )


def test_every_lot_of_yotpo(simulated):
    """Where the platform tells neither activation nor expiry, the programme's rules say when they were."""
    simulated.same(
        f"""
        select ours.member_id, ours.earned_at, ours.active_at, ours.expires_at, {states("ours")}
        from marts.loyalty_lots as ours semi join ({YOTPO_MEMBERS}) as members using (member_id)
        where ours.programme = 'yotpo_loyalty'
        """,
        f"""
        select members.member_id, told.earned_at, told.active_at, told.expires_at, {states("told")}
        from truth.loyalty_lots as told join ({YOTPO_MEMBERS}) as members using (person_id)
        """,
        2_000,
    )


def test_every_balance(simulated):
    simulated.same(
        f"""
        select ours.member_id, ours.points_available, ours.points_pending, ours.points_debt
        from marts.loyalty_balances as ours
        semi join (select person_id, loyalty_id from truth.loyalty_members
            semi join ({TALON_LOTS}) as told using (person_id)) as told on ours.member_id = told.loyalty_id
        where ours.programme = 'talon_one:37'
        """,
        f"""
        select loyalty_id, points_available::decimal(18, 2), points_pending::decimal(18, 2), points_debt::decimal(18, 2)
        from truth.loyalty_members semi join ({TALON_LOTS}) as told using (person_id)
        """,
        4_000,
    )


def test_only_what_the_platform_bent_is_unexplained(simulated):
    """Of all balances that the platforms told, of members whose bookings could all be read."""
    found = dict(
        simulated.sql(
            f"""
            select ours.explanation || case when told.is_drifted then ' and bent' else '' end, count(*)
            from quality.loyalty_reconciliation as ours
            join truth.loyalty_snapshots as told
                on ours.source_name = told.source_name and ours.member_id = told.member_id
                and ours.told_at = told.snapshot_at and told.source_name = 'talon_one'
            semi join ({TALON_LOTS}) as readable on told.person_id = readable.person_id
            group by all
            """
        )
    )
    assert found.keys() == {"equal", "unexplained and bent"}
    assert found["equal"] > 30_000
    assert simulated.sql(
        "select distinct explanation from quality.loyalty_reconciliation where source_name = 'yotpo_loyalty'"
    ) == [("equal",)]  # fmt: skip


@pytest.fixture
def chrissy(simulated) -> str:
    ((loyalty_id,),) = simulated.sql(
        "select loyalty_id from truth.loyalty_members join truth.scenes using (person_id) where scene = 'chrissy'"
    )
    return loyalty_id


def test_chrissy_is_told_to_the_day(simulated, chrissy):
    """500 points that expire on 15 January, a tier that ends on New Year's Day, and not one word from the shop."""
    assert simulated.sql(
        "select points_available, next_expire_on, next_expire_points, tier, tier_expires_at::date,"
        " points_required_to_remain"
        f" from marts.loyalty_balances where member_id = '{chrissy}' and programme = 'talon_one:37'"
    ) == [(500, date(2026, 1, 15), 500, "Gold", date(2026, 1, 1), 400)]
    notices = simulated.sql(
        f"""
        select notice, subject, due_on, points, coalesce(was_sent, false) from marts.loyalty_notices
        where member_id = '{chrissy}' and due_on >= date '2025-12-01' and notice <> 'balance' order by due_on
        """
    )
    assert notices == [
        ("tier_at_risk", date(2026, 1, 1), date(2025, 12, 2), None, False),
        ("expiring_30d", date(2026, 1, 15), date(2025, 12, 16), 500, False),
        ("expiring_15d", date(2026, 1, 15), date(2025, 12, 31), 500, False),
    ]
    ((customer_tier, points, expires_on),) = simulated.sql(
        f"""
        select loyalty_tier, points_available, next_points_expire_on from marts.customers
        semi join (from marts.loyalty_balances where member_id = '{chrissy}') using (customer_id)
        """
    )
    assert (customer_tier, points, expires_on) == ("Gold", 500, date(2026, 1, 15))


def test_a_hundred_points_unlock_nothing_and_one_more_does(simulated):
    """Both ordered for exactly 10.00; who had 101 points redeemed, who had 100 could not."""
    found = simulated.sql(
        """
        select scenes.scene, max(redemptions.points_available_before), count(redemptions.redemption_id)
        from truth.scenes as scenes
        join truth.loyalty_members as members using (person_id)
        left join marts.loyalty_redemptions as redemptions on redemptions.member_id = members.loyalty_id
        where scenes.scene in ('unlock_100', 'unlock_101') group by all order by all
        """
    )
    assert found == [("unlock_100", None, 0), ("unlock_101", 101, 1)]
    readable = f"select loyalty_id as member_id from truth.loyalty_members semi join ({TALON_LOTS}) using (person_id)"
    assert simulated.sql(
        f"""
        select count(*) > 500, min(points_available_before), min(order_subtotal) >= 10, bool_or(has_spent_own_earning)
        from marts.loyalty_redemptions semi join ({readable}) using (member_id)
        """
    ) == [(True, 101, True, False)]
