"""Subscriptions, parcels, returns and tickets of a simulated shop of 2,000 people, against what really happened."""

from pathlib import Path

import pytest
from conftest import Warehouse, build

from simulator import shop
from simulator.settings import Settings

SYSTEMS = ("shopify", "pos", "recharge", "aftership", "gorgias")
TOPICS = {
    "order status": ("order_status",), "damaged item": ("damaged",), "return": ("return", "refund"),
    "product question": ("product",), "subscription": ("subscription",), "billing": ("payment",),
    "loyalty points": ("loyalty",),
}  # fmt: skip


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("simulated_service")
    shop.simulate(Settings(customers=2_000, systems=SYSTEMS, out=folder, workers=1))
    return folder


@pytest.fixture(scope="module")
def shop_built(raw, tmp_path_factory) -> Warehouse:
    return build(raw, tmp_path_factory.mktemp("simulated_service_built"))


@pytest.fixture(scope="module")
def compare(raw, shop_built):
    """Run a query in which `{name}` is a table of the truth."""

    class Names(dict):
        def __missing__(self, name: str) -> str:
            return f"'{raw / 'truth' / name}.parquet'"

    return lambda query: shop_built.sql(query.format_map(Names()))


def test_every_raw_row_has_its_fate(compare):
    fates = ("staged", "duplicate", "tombstone", "quarantined")
    ours = " union all ".join(
        f"select system, table_name, '{fate}' as fate, {fate}_rows as rows from quality.row_accounting"
        for fate in fates
    )
    assert (
        compare(
            f"select * from ({ours}) as ours full join {{raw_counts}} as told using (system, table_name, fate)"
            " where system in ('recharge', 'aftership', 'gorgias')"
            " and coalesce(ours.rows, 0) <> coalesce(told.rows, 0)"
        )
        == []
    )


def test_subscriptions_are_in_their_state(compare):
    """Whatever the loader overwrote, the log left out or dunning did not say."""
    assert compare("select count(*) > 100 from marts.subscriptions") == [(True,)]
    assert (
        compare(
            """
            select * from {recharge_subscriptions} as told full join marts.subscriptions as ours using (subscription_id)
            where coalesce(told.is_staged, true) and (
                told.status is distinct from ours.status_at_as_of
                or told.end_reason is distinct from ours.end_reason
                or case when told.reactivated_at is null then told.ended_at end is distinct from ours.ended_at
                or told.started_at is distinct from ours.started_at
            )
            """
        )
        == []
    )


def test_everything_that_happened_to_them_happened_once(compare):
    assert (
        compare(
            """
            with told as (
                select 'recharge:' || 600000000 + subscription_key as subscription_id,
                    case event when 'payment_failed' then 'cancelled' else event end as event_type, count(*) as told
                from {subscription_events} group by all
            ),
            ours as (
                select subscription_id, event_type, count(*) as ours from marts.subscription_events
                where event_type not in ('charged', 'charge_failed') group by all
            )
            select * from told full join ours using (subscription_id, event_type)
            join {recharge_subscriptions} as rows using (subscription_id)
            where rows.is_staged and told is distinct from ours
            """
        )
        == []
    )


def test_orders_of_subscriptions_are_known_by_their_charges(compare):
    assert compare(
        "select distinct told.channel, ours.sales_channel"
        " from {orders} as told join marts.orders as ours using (order_id) order by all"
    ) == [("online", "online"), ("pos", "pos"), ("subscription", "subscription")]


def test_parcels_are_late_if_they_were(compare):
    assert compare("select count(*) > 300 from marts.shipments where is_late") == [(True,)]
    assert (
        compare(
            """
            select * from {parcels} as told full join marts.shipments as ours using (shipment_id)
            where coalesce(told.is_staged, true) and coalesce(ours.is_tracked, true)
                and told.shipment_id is not null and (
                told.is_late is distinct from ours.is_late
                or told.promised_on is distinct from ours.promised_on
                or told.attempted_on is distinct from ours.first_attempted_on
                or told.delivered_on is distinct from ours.delivered_on
            )
            """
        )
        == []
    )


def test_parcels_find_their_orders(compare):
    """By id, name, label or number; names that both shops use and orders that never arrived name nothing."""
    ((known, wrong, missed),) = compare(
        """
        select count(ours.order_id),
            count(*) filter (where split_part(ours.order_id, ':', 3) <> told.source_order_id::text),
            count(*) filter (where ours.order_id is null and orders.order_id is not null)
        from {parcels} as told join marts.shipments as ours using (shipment_id)
        left join marts.orders as orders on orders.source_order_id = told.source_order_id::text
        """
    )
    assert known > 5_000
    assert (wrong, missed) == (0, 0)


def test_what_came_of_returns(compare):
    assert (
        compare(
            """
            select * from {returns} as told join marts.returns as ours using (return_id)
            where told.filed_at <> ours.requested_at or told.filed_by <> ours.filed_by
                or (told.resolved_at is not null and (
                    told.outcome is distinct from ours.outcome or told.reason is distinct from ours.reason
                    or told.resolved_at is distinct from ours.resolved_at
                    or (told.outcome = 'refund' and told.money_cents is distinct from ours.refunded_amount * 100)
                ))
            """
        )
        == []
    )


def test_tickets_and_their_answers(compare):
    """Spam, trash and what the shop opened is not there; rules, notes and closing too early change nothing."""
    assert (
        compare(
            """
            select * from (from {tickets} where is_staged) as told full join marts.tickets as ours using (ticket_id)
            where (coalesce(told.kind, '') = 'ask') <> (ours.ticket_id is not null)
                or (told.kind = 'ask' and (
                    told.first_reply_at is distinct from ours.first_responded_at
                    or told.closed_at is distinct from ours.closed_at or told.csat is distinct from ours.csat_score
                ))
            """
        )
        == []
    )


def test_topics_of_tickets(compare):
    found = compare(
        "select told.topic, ours.topic, ours.is_order_status from {tickets} as told"
        " join marts.tickets as ours using (ticket_id) where told.is_labelled"
    )
    assert len(found) > 250
    assert [row for row in found if row[1] not in TOPICS[row[0]] or row[2] != (row[0] == "order status")] == []


def test_the_named_people(compare):
    """Marshall's pause is no end, one of three subscriptions ended, a first parcel is late without a complaint."""
    assert compare(
        """
        select scene, count(*) filter (where is_active), count(*) filter (where not is_active), min(status_at_as_of)
        from {scenes} join {recharge_subscriptions} as told using (person_id)
        join marts.subscriptions as ours using (subscription_id)
        where scene in ('marshall', 'one_of_three') group by scene order by scene
        """
    ) == [("marshall", 1, 0, "paused"), ("one_of_three", 2, 1, "active")]
    assert compare(
        """
        select scene, ours.is_late, ours.delivered_on is null, ours.service, count(tickets.ticket_id)
        from {scenes} join {parcels} as told using (person_id) join marts.shipments as ours using (shipment_id)
        left join marts.tickets as tickets on tickets.customer_id = ours.customer_id
        where scene in ('late_first_timer', 'vip_two_day') and ours.is_late group by all order by scene
        """
    ) == [("late_first_timer", True, True, "standard", 0), ("vip_two_day", True, True, "express", 0)]
