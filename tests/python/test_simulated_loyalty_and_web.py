"""Loyalty rows, promotions, referrals and web visits of a simulated shop of 2,000 people, against what happened."""

from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import duckdb
import pytest
from conftest import Warehouse, build

from simulator import shop
from simulator.settings import Settings
from simulator.systems.segment import EVENTS

OURS = ("talon_one", "yotpo_loyalty", "segment", "privacy")


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("simulated_loyalty")
    shop.simulate(Settings(customers=2_000, systems=("shopify", "pos", *OURS), out=folder, workers=1))
    return folder


@pytest.fixture(scope="module")
def built(raw, tmp_path_factory) -> Warehouse:
    return build(raw, tmp_path_factory.mktemp("simulated_loyalty_built"))


@pytest.fixture(scope="module")
def compare(raw, built):
    """Run a query in which `{name}` is a table of the truth."""

    class Names(dict):
        def __missing__(self, name: str) -> str:
            return f"'{raw / 'truth' / name}.parquet'"

    return lambda query: built.sql(query.format_map(Names()))


def same(compare, ours: str, truth: str, at_least: int) -> None:
    """Two queries give the same rows, and there are some."""
    assert compare(f"select count(*) >= {at_least} from ({truth})") == [(True,)]
    for one, two in ((ours, truth), (truth, ours)):
        assert compare(f"from ({one}) except all from ({two}) limit 5") == []


def test_every_raw_row_has_its_fate(compare):
    fates = ("staged", "duplicate", "tombstone", "quarantined")
    ours = " union all ".join(
        f"select system, table_name, '{fate}' as fate, {fate}_rows as rows from quality.row_accounting"
        f" where system in {OURS} and {fate}_rows > 0"
        for fate in fates
    )
    same(compare, ours, f"select * from {{raw_counts}} where system in {OURS} and rows > 0", 40)


def test_the_ledger_is_booked_to_the_point(compare):
    same(
        compare,
        "select transaction_uuid, profile_id, subledger, points, booked_at,"
        " case when activation = 'at' then active_at end, expires_at, session_id"
        " from staging.stg_talon_one__loyalty_transactions",
        "select transaction_uuid, loyalty_id, subledger, points, occurred_at, active_at, expires_at, session_id"
        " from {talon_one_bookings} where is_staged",
        2_000,
    )


def test_the_referee_says_what_members_had_or_where_he_drifted(compare):
    found = compare(
        """
        select is_drifted, count(*), count(*) filter (where points_available = available and points_pending = pending)
        from {loyalty_snapshots} as told join staging.stg_talon_one__loyalty_balances as ours
            on told.member_id = ours.profile_id and told.snapshot_at = ours.snapshot_at
        where source_name = 'talon_one' group by all order by all
        """
    )
    (_, steady, equal), (_, drifted, still_equal) = found
    assert steady == equal > 3_000
    assert drifted > 0 == still_equal


def test_a_history_adds_up_to_its_balance(compare):
    """Also of members who are seen under two addresses."""
    assert (
        compare(
            """
            with sums as (
                select member_id, sum(points) as points from staging.stg_yotpo_loyalty__history_items
                where item_state = 'approved' group by all
            )
            select * from staging.stg_yotpo_loyalty__customers as ours
            join {loyalty_snapshots} as told on told.member_id = ours.email and told.source_name = 'yotpo_loyalty'
            left join sums on sums.member_id = ours.member_id
            where ours.is_current
                and (ours.points_balance <> told.available or coalesce(sums.points, 0) <> told.available)
            """
        )
        == []
    )
    assert compare("select count(*) > 0 from staging.stg_yotpo_loyalty__customers where not is_current") == [(True,)]


def test_tiers_began_when_they_began(compare):
    same(
        compare,
        "select profile_id, tier, tier_started_at from staging.stg_talon_one__customers_tiers where tier <> 'Bronze'",
        "select loyalty_id, tiers.tier, changed_at from {loyalty_tiers} as tiers"
        " join {loyalty_members} as members using (person_id)"
        " semi join staging.stg_talon_one__customers_tiers as known on known.profile_id = loyalty_id"
        " where tiers.tier <> 'Bronze'",
        100,
    )


def test_effects_are_what_orders_were_given(compare):
    same(
        compare,
        "select session_id, effect_name, label, amount from intermediate.int_loyalty__effects",
        "select session_id, name, label, amount::decimal(18, 2) from {session_effects} where coalesce(amount, 1) > 0",
        2_000,
    )


def test_referrals(compare):
    same(
        compare,
        "select source_name, referral_state, count(*) from marts.referrals group by all",
        "select source_name, referral_state, count(*) from {referrals} group by all",
        3,
    )


def test_every_record_is_known_and_no_other(compare):
    columns = "source_name, source_record_type, source_record_id"
    same(
        compare,
        f"select {columns} from marts.customer_records where source_name in {OURS}",
        f"select {columns} from {{records}} where source_name in {OURS}",
        1_000,
    )


def test_visits_are_split_as_a_plain_reading_would(raw, built):
    """Per browser and person, in order, until half an hour of nothing."""
    with duckdb.connect() as connection:
        rows = []
        for table in ("pages", "identifies", *EVENTS, "tracks"):
            rows += connection.execute(
                f"""
                select id, anonymous_id, user_id, epoch("timestamp")::bigint, context_user_agent like '%bot%'
                from '{raw}/segment/{table}.parquet'
                where id is not null and "timestamp" < timestamptz '2026-01-01 00:00:00+00'
                """
            ).fetchall()
    events = {row[0]: row for row in rows if not row[4]}.values()
    people = defaultdict(set)
    for _, browser, user, *_ in events:
        people[browser] |= {user} - {None}
    visitors = defaultdict(list)
    for _, browser, user, at, _ in events:
        only = next(iter(people[browser])) if len(people[browser]) == 1 else None
        visitors[browser, user or only].append(at)
    expected = defaultdict(int)
    for times in visitors.values():
        times.sort()
        starts = [0] + [i for i in range(1, len(times)) if times[i] - times[i - 1] > 1800] + [len(times)]
        for begin, end in pairwise(starts):
            expected[times[begin], times[end - 1], end - begin] += 1
    found = defaultdict(int)
    for row in built.sql(
        "select epoch(started_at)::bigint, epoch(ended_at)::bigint, event_count from marts.web_sessions"
    ):
        found[row] += 1
    assert found == expected
    assert len(found) > 10_000


def test_a_recognised_visitor_is_that_person(compare):
    """A browser that two people share and only one ever names is all that may mislead."""
    ((visits, recognised, right),) = compare(
        """
        with accounts as (
            select customers.customer_id, records.person_id
            from {records} as records
            join marts.customer_records as customers using (source_name, source_record_type, source_record_id)
            where source_name = 'segment' and source_record_type = 'user'
        )
        select count(*), count(sessions.customer_id), count(*) filter (where accounts.person_id = visits.person_id)
        from {web_visits} as visits
        join intermediate.int_web_sessions__events as events
            on events.device = visits.anonymous_id and events.occurred_at = visits.started_at and event = 'page_viewed'
        join marts.web_sessions as sessions using (session_id)
        left join accounts on accounts.customer_id = sessions.customer_id
        """
    )
    assert visits > 20_000
    assert recognised > 0.7 * visits
    assert right > 0.97 * recognised


def test_visits_name_their_order_and_make_none(compare, built):
    found = compare(
        """
        select count(*) filter (where sessions.order_id = orders.order_id), count(*)
        from {web_visits} as visits
        join intermediate.int_web_sessions__events as events
            on events.device = visits.anonymous_id and events.occurred_at = visits.started_at and event = 'page_viewed'
        join marts.web_sessions as sessions using (session_id)
        join {orders} as orders on orders.order_key = visits.order_key
        where visits.kind = 'shop' and sessions.order_id is not null
        """
    )
    ((right, named),) = found
    assert right > 0.99 * named > 3_000
    assert built.one("select count(*) from marts.orders where source_name not in ('shopify', 'pos')") == 0


def test_looks_at_tracking_pages_are_counted_by_order(compare):
    ((truth, ours, orders, missing),) = compare(
        """
        select
            (select count(*) from {web_visits} where kind = 'tracking'),
            (select count(*) from marts.tracking_page_visits),
            (select count(distinct order_id) from marts.tracking_page_visits),
            (select count(*) from marts.tracking_page_visits where match_state <> 'matched')
        """
    )
    # Two looks within half an hour are one visit; two shops use the same order names, so that some name none.
    assert 0.95 * truth < ours <= truth
    assert missing < 0.06 * ours
    assert 3 < ours / orders < 5
