"""Loyalty rows, promotions, referrals and web visits of the simulated shop, against what happened."""

from collections import defaultdict
from itertools import pairwise

from simulator.systems.segment import EVENTS

OURS = ("talon_one", "yotpo_loyalty", "segment", "privacy")


def test_the_ledger_is_booked_to_the_point(simulated):
    simulated.same(
        "select transaction_uuid, profile_id, subledger, points, booked_at,"
        " case when activation = 'at' then active_at end, expires_at, session_id"
        " from staging.stg_talon_one__loyalty_transactions",
        "select transaction_uuid, loyalty_id, subledger, points, occurred_at, active_at, expires_at, session_id"
        " from truth.talon_one_bookings where is_staged",
        25_000,
    )


def test_the_referee_says_what_members_had_or_where_he_drifted(simulated):
    found = simulated.sql(
        """
        select is_drifted, count(*), count(*) filter (where points_available = available and points_pending = pending)
        from truth.loyalty_snapshots as told join staging.stg_talon_one__loyalty_balances as ours
            on told.member_id = ours.profile_id and told.snapshot_at = ours.snapshot_at
        where source_name = 'talon_one' group by all order by all
        """
    )
    (_, steady, equal), (_, drifted, still_equal) = found
    assert steady == equal > 30_000
    assert drifted > 0 == still_equal


def test_a_history_adds_up_to_its_balance(simulated):
    """Also of members who are seen under two addresses."""
    assert (
        simulated.sql(
            """
            with sums as (
                select member_id, sum(points) as points from staging.stg_yotpo_loyalty__history_items
                where item_state = 'approved' group by all
            )
            select * from staging.stg_yotpo_loyalty__customers as ours
            join truth.loyalty_snapshots as told on told.member_id = ours.email and told.source_name = 'yotpo_loyalty'
            left join sums on sums.member_id = ours.member_id
            where ours.is_current
                and (ours.points_balance <> told.available or coalesce(sums.points, 0) <> told.available)
            """
        )
        == []
    )
    assert simulated.sql("select count(*) > 0 from staging.stg_yotpo_loyalty__customers where not is_current") == [
        (True,)
    ]


def test_tiers_began_when_they_began(simulated):
    simulated.same(
        "select profile_id, tier, tier_started_at from staging.base_talon_one__customers_tiers"
        " where row_status = 'staged' and tier <> 'Bronze'",
        "select loyalty_id, tiers.tier, changed_at from truth.loyalty_tiers as tiers"
        " join truth.loyalty_members as members using (person_id)"
        " semi join (from staging.base_talon_one__customers_tiers where row_status = 'staged') as known"
        " on known.profile_id = loyalty_id"
        " where tiers.tier <> 'Bronze'",
        1_000,
    )


def test_effects_are_what_orders_were_given(simulated):
    simulated.same(
        "select session_id, effect_name, label, amount from intermediate.int_loyalty__effects",
        "select session_id, name, label, amount::decimal(18, 2) from truth.session_effects"
        " where coalesce(amount, 1) > 0",
        20_000,
    )


def test_referrals(simulated):
    simulated.same(
        "select source_name, referral_state from marts.referrals",
        "select source_name, referral_state from truth.referrals",
        50,
    )


def test_every_record_is_known_and_no_other(simulated):
    columns = "source_name, source_record_type, source_record_id"
    simulated.same(
        f"select {columns} from marts.customer_records where source_name in {OURS}",
        f"select {columns} from truth.records where source_name in {OURS}",
        15_000,
    )


def test_visits_are_split_as_a_plain_reading_would(simulated):
    """Per browser and person, in order, until half an hour of nothing."""
    rows = []
    for table in ("pages", "identifies", *EVENTS, "tracks"):
        rows += simulated.sql(
            f"""
            select id, anonymous_id, user_id, epoch("timestamp")::bigint, context_user_agent like '%bot%'
            from read_parquet('{simulated.raw}/segment/{table}/*.parquet', union_by_name = true)
            where id is not null and "timestamp" < timestamptz '2026-01-01 00:00:00+00'
            """
        )
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
    for row in simulated.sql(
        "select epoch(started_at)::bigint, epoch(ended_at)::bigint, event_count from marts.web_sessions"
    ):
        found[row] += 1
    assert found == expected
    assert len(found) > 100_000


def test_a_recognised_visitor_is_that_person(simulated):
    """A browser that two people share and only one ever names is all that may mislead."""
    ((visits, recognised, right),) = simulated.sql(
        """
        with accounts as (
            select customers.customer_id, records.person_id
            from truth.records as records
            join marts.customer_records as customers using (source_name, source_record_type, source_record_id)
            where source_name = 'segment' and source_record_type = 'user'
        )
        select count(*), count(sessions.customer_id), count(*) filter (where accounts.person_id = visits.person_id)
        from truth.web_visits as visits
        join intermediate.int_web_sessions__events as events
            on events.device = visits.anonymous_id and events.occurred_at = visits.started_at and event = 'page_viewed'
        join marts.web_sessions as sessions using (session_id)
        left join accounts on accounts.customer_id = sessions.customer_id
        """
    )
    assert visits > 200_000
    assert recognised > 0.7 * visits
    assert right > 0.97 * recognised


def test_visits_name_their_order_and_make_none(simulated):
    found = simulated.sql(
        """
        select count(*) filter (where sessions.order_id = orders.order_id), count(*)
        from truth.web_visits as visits
        join intermediate.int_web_sessions__events as events
            on events.device = visits.anonymous_id and events.occurred_at = visits.started_at and event = 'page_viewed'
        join marts.web_sessions as sessions using (session_id)
        join truth.orders as orders on orders.order_key = visits.order_key
        where visits.kind = 'shop' and sessions.order_id is not null
        """
    )
    ((right, named),) = found
    assert right > 0.99 * named > 30_000
    assert simulated.sql("from marts.orders where source_name not in ('shopify', 'pos')") == []


def test_looks_at_tracking_pages_are_counted_by_order(simulated):
    """A page has the order's id or its name, which names none where two shops write names alike."""
    looks = """
        select distinct events.session_id, orders.order_id
        from truth.web_visits as visits
        join truth.orders as orders using (order_key)
        join intermediate.int_web_sessions__events as events
            on events.occurred_at = visits.started_at and event = 'page_viewed'
            and ends_with(events.url, '/pages/track?order_id=' || split_part(orders.order_id, ':', 3))
        semi join marts.orders using (order_id)
        where visits.kind = 'tracking'
    """
    assert simulated.sql(f"({looks}) except select session_id, order_id from marts.tracking_page_visits limit 5") == []
    ((truth, ours, matched, orders, by_id, by_name),) = simulated.sql(
        f"""
        select
            (select count(*) from truth.web_visits where kind = 'tracking'), count(*), count(order_id),
            count(distinct order_id), (select count(*) from ({looks})),
            count(*) filter (where order_id is not null and exists (
                from intermediate.int_web_sessions__events as events
                where events.session_id = visits.session_id and occurred_at = visited_at and contains(url, '?order=')
            ))
        from marts.tracking_page_visits as visits
        """
    )
    # Two looks within half an hour are one visit; of some the first page was lost.
    assert 0.95 * truth < ours <= truth
    assert 70_000 < by_id <= matched < 1.02 * by_id
    assert by_name == 0
    assert 3 < matched / orders < 5
