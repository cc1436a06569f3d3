"""Subscriptions, parcels, returns and tickets: each trap is a few hand-made rows and a test of its own.

All rows are one raw data set of a shop in New York, loaded on 1 July 2024, so that it is looked at as of 30 June. A
second build looks at it as of 30 April, without the streams that a shop often lacks: Recharge's event log, Gorgias'
messages.
"""

import json
import shutil
from datetime import date, datetime
from decimal import Decimal

import duckdb
import pytest
from conftest import Raw, Warehouse, build
from shopify import Shop, line, write_shops

LOADED = "2024-07-01T04:00:00Z"
SHOP = Shop(loaded_at=LOADED)
SHOP.settings("America/New_York")
TABLES: dict[str, list[dict]] = {}
NUMBERS = {"_airbyte_extracted_at": "timestamptz", "score": "bigint", "from_agent": "boolean", "spam": "boolean"}
ABSENT = ("recharge.events", "gorgias.messages")


def add(table: str, **row) -> None:
    """A raw row; what is no text is JSON."""
    TABLES.setdefault(table, []).append(
        {"_airbyte_extracted_at": LOADED}
        | {key: json.dumps(value) if isinstance(value, dict | list) else value for key, value in row.items()}
    )


def write(raw: Raw, without: tuple[str, ...] = ()) -> Raw:
    write_shops(raw, SHOP, OTHER_SHOP)
    for table, rows in TABLES.items():
        if table not in without:
            columns = sorted({column for row in rows for column in row})
            raw.write(table, [{column: row.get(column) for column in columns} for row in rows], NUMBERS)
    return raw


@pytest.fixture(scope="module")
def now(tmp_path_factory) -> Warehouse:
    folder = tmp_path_factory.mktemp("service_now")
    return build(write(Raw(folder / "raw")), folder, with_tests=True)


@pytest.fixture(scope="module")
def april(tmp_path_factory) -> Warehouse:
    folder = tmp_path_factory.mktemp("service_april")
    return build(write(Raw(folder / "raw"), without=ABSENT), folder, {"as_of": "2024-04-30"})


def one(warehouse: Warehouse, table: str, key: str, *columns: str):
    """Columns of the row with that key; None if there is no such row."""
    name = {"returns": "return"}.get(table, table.removesuffix("s"))
    found = warehouse.sql(f"select {', '.join(columns)} from marts.{table} where {name}_id = '{key}'")
    return (found[0][0] if len(columns) == 1 else found[0]) if found else None


# Subscriptions.


def subscription(number: int, status: str = "ACTIVE", at: str = "2024-01-10T09:00:00-05:00", **more) -> str:
    row = {
        "id": number, "customer_id": 900, "status": status, "created_at": at, "updated_at": at, "cancelled_at": None,
        "cancellation_reason": None, "next_charge_scheduled_at": "2024-07-13", "price": "19.95", "quantity": "2",
        "order_interval_unit": "month", "order_interval_frequency": "1", "charge_interval_frequency": "1",
        "external_variant_id": {"ecommerce": "8001"}, "product_title": "As subscribed", "max_retries_reached": 0,
    }  # fmt: skip
    add("recharge.subscriptions", **row | more)
    return f"recharge:{number}"


def charge(number: int, of: int, status: str, at: str | None = None, **more) -> None:
    row = {
        "id": number, "customer_id": 900, "status": status, "type": "RECURRING", "scheduled_at": "2024-02-10",
        "processed_at": at, "created_at": "2024-01-10T10:00:00Z", "updated_at": at or "2024-02-01T10:00:00Z",
        "total_price": "39.90", "currency": "USD", "external_order_id": None, "charge_attempts": 0,
        "line_items": [{"purchase_item_id": of, "purchase_item_type": "subscription", "unit_price": "19.95"}],
    }  # fmt: skip
    add("recharge.charges", **row | more)


def logged(number: int, of: int, verb: str, at: str, object_type: str = "subscription") -> None:
    add("recharge.events", id=number, object_type=object_type, object_id=of, verb=verb, created_at=at, customer_id=900)


def events(warehouse: Warehouse, key: str) -> list[str]:
    return [
        event
        for (event,) in warehouse.sql(
            f"select event_type from marts.subscription_events where subscription_id = '{key}' order by occurred_at, 1"
        )
    ]


SHOP.product(7001, "Serum")
SHOP.variant(8001, 7001)
SHOP.variant(8002, 7001)
OWNER = SHOP.customer("owner@example.com")
FIRST = SHOP.order(line(1, 39.9), customer=OWNER, at="2024-01-10T15:00:00Z")
RENEWAL = SHOP.order(line(1, 39.9), customer=OWNER, at="2024-02-10T15:00:00Z")
ONE_OFF = SHOP.order(line(1, 10), customer=OWNER, at="2024-02-12T15:00:00Z")
add("recharge.customers", id=900, external_customer_id={"ecommerce": str(OWNER)}, email="Owner@Example.com")
add("recharge.customers", id=901, external_customer_id=None, shopify_customer_id=str(SHOP.customer("old@example.com")))

PLAIN = subscription(1)
charge(11, 1, "SUCCESS", "2024-01-10T15:00:00Z", type="CHECKOUT", external_order_id={"ecommerce": str(FIRST)})
charge(12, 1, "refunded", "2024-02-10T15:00:00Z", external_order_id=None, shopify_order_id=str(RENEWAL))
charge(13, 1, "QUEUED", scheduled_at="2024-07-13 05:00:00", updated_at="2024-06-10T15:00:00Z")
charge(
    14, 1, "SUCCESS", "2024-02-12T15:00:00Z", external_order_id={"ecommerce": str(ONE_OFF)},
    line_items=[{"purchase_item_id": 1, "purchase_item_type": "onetime"}],
)  # fmt: skip


def test_case_and_money_as_text_and_ids_in_json(now):
    assert one(now, "subscriptions", PLAIN, "status_at_as_of", "unit_price", "quantity", "product_family") == (
        "active", Decimal("19.95"), 2, "Serum",
    )  # fmt: skip


def test_a_queued_charge_is_no_charge(now):
    assert events(now, PLAIN) == ["started", "charged", "charged"]
    assert one(now, "subscriptions", PLAIN, "charge_count", "next_charge_on") == (2, date(2024, 7, 13))


def test_orders_of_charges_are_subscription_orders_and_the_only_revenue(now):
    """By the JSON id and by the legacy one; what was bought once through the same tool is an online order."""
    channels = [one(now, "orders", f"shopify:demo:{number}", "sales_channel") for number in (FIRST, RENEWAL, ONE_OFF)]
    assert channels == ["subscription", "subscription", "online"]
    owner = one(now, "subscriptions", PLAIN, "customer_id")
    assert one(now, "customers", owner, "net_revenue") == Decimal("89.80")


def test_platform_ids_join_people(now):
    """The JSON id and the legacy one are the shop's customer ids."""
    record = (
        "select customer_id from marts.customer_records where source_record_type = 'customer' and source_record_id ="
    )
    assert one(now, "subscriptions", PLAIN, "customer_id") == now.one(f"{record} 'demo:{OWNER}'")
    assert now.one(f"{record} '901'") == now.one(f"{record} 'demo:{OWNER + 4}'")


LATE_EVENING = subscription(2, at="2024-03-04T02:30:00")


def test_times_without_offset_are_the_shops(now):
    assert one(now, "subscriptions", LATE_EVENING, "started_on", "started_at") == (
        date(2024, 3, 4), datetime(2024, 3, 4, 7, 30),
    )  # fmt: skip


# Cancelled in March, running again since May: told by log and versions, by the log's cancellation, by versions alone.
REACTIVATED = subscription(3, "cancelled", updated_at="2024-03-01T10:00:00Z", cancelled_at="2024-03-01T10:00:00Z")
subscription(3, "active", updated_at="2024-05-10T10:00:00Z")
logged(301, 3, "cancelled", "2024-03-01T10:00:02Z")
logged(302, 3, "activated", "2024-05-10T09:59:59Z")
OVERWRITTEN = subscription(4, "active", updated_at="2024-05-10T10:00:00Z")
logged(401, 4, "cancelled", "2024-03-01T10:00:00Z")
UNLOGGED = subscription(5, "CANCELLED", updated_at="2024-03-01T10:00:00Z", cancelled_at="2024-03-01T10:00:00Z")
subscription(5, "ACTIVE", updated_at="2024-05-10T10:00:00Z")


@pytest.mark.parametrize("key", [REACTIVATED, OVERWRITTEN, UNLOGGED], ids=["told twice", "row overwritten", "no log"])
def test_a_reactivation_clears_no_history(now, key):
    assert events(now, key) == ["started", "cancelled", "reactivated"]
    assert one(now, "subscriptions", key, "status_at_as_of", "ended_on", "end_reason") == ("active", None, None)


def test_before_the_reactivation_it_was_cancelled(april):
    """Known from older versions of the row alone, since the log is absent."""
    assert one(april, "subscriptions", REACTIVATED, "status_at_as_of", "ended_on") == ("cancelled", date(2024, 3, 1))
    assert events(april, UNLOGGED) == ["started", "cancelled"]


PAUSED = subscription(6)
logged(601, 6, "paused", "2024-06-01T10:00:00Z")
RESUMED = subscription(7)
logged(701, 7, "paused", "2024-03-01T10:00:00Z")
charge(71, 7, "success", "2024-04-01T10:00:00Z")


def test_a_pause_counts_as_active(now, april):
    assert one(now, "subscriptions", PAUSED, "status_at_as_of", "is_active", "ended_on") == ("paused", True, None)
    assert one(april, "subscriptions", PAUSED, "status_at_as_of") == "active"


def test_a_charge_ends_a_pause(now):
    assert one(now, "subscriptions", RESUMED, "status_at_as_of") == "active"


def ended(number: int, reason: str | None, **more) -> str:
    at = "2024-04-02T10:00:00Z"
    return subscription(number, "cancelled", cancelled_at=at, updated_at=at, cancellation_reason=reason, **more)


DUNNING = ended(20, "Max number of charge attempts reached")
SILENT_DUNNING = ended(21, None)
charge(211, 21, "ERROR", updated_at="2024-03-30T10:00:00Z", charge_attempts=1)
OUT_OF_RETRIES = ended(22, None, max_retries_reached=1)
SILENT = ended(23, None)
charge(231, 23, "success", "2024-03-30T10:00:00Z")
CHOSEN = ended(24, "CS - More than I need")
ODD = ended(25, "Zebra")
EXPIRED = subscription(26, "EXPIRED", updated_at="2024-04-02T10:00:00Z")
REASONS = {
    "dunning text": (DUNNING, "involuntary", "payment_failed"),
    "no text after a failed charge": (SILENT_DUNNING, "involuntary", None),
    "no text, out of retries": (OUT_OF_RETRIES, "involuntary", None),
    "no text, paid": (SILENT, "voluntary", None),
    "text with a prefix": (CHOSEN, "voluntary", "too_much"),
    "unknown text": (ODD, "voluntary", None),
    "expired": (EXPIRED, "expired", None),
}


@pytest.mark.parametrize(("key", "reason", "group"), REASONS.values(), ids=REASONS)
def test_why_it_ended(now, key, reason, group):
    assert one(now, "subscriptions", key, "end_reason", "cancellation_group") == (reason, group)


def test_what_no_map_knows_is_listed(now):
    found = now.sql("select system, field, value, row_count from quality.unmapped_values order by all")
    assert found == [
        ("aftership", "tag", "teleported beam_001", 1),
        ("gorgias", "tag", "Zebra", 1),
        ("recharge", "cancellation_reason", "Zebra", 1),
        ("recharge", "event verb", "subscription hugged", 1),
    ]


SWAPPED = subscription(30)
subscription(30, updated_at="2024-03-01T10:00:00Z", external_variant_id=None, shopify_variant_id="8002")
SKIPPED = subscription(31)
charge(311, 31, "SKIPPED", updated_at="2024-02-02T10:00:00Z")
logged(3101, 311, "skipped", "2024-02-01T10:00:00Z", object_type="charge")
logged(3102, 31, "hugged", "2024-02-01T10:00:00Z")
RETRIED = subscription(32)
charge(321, 32, "error", updated_at="2024-02-10T10:00:00Z", charge_attempts=1)
charge(321, 32, "error", updated_at="2024-02-12T10:00:00Z", charge_attempts=2)
charge(321, 32, "success", "2024-02-14T10:00:00Z", updated_at="2024-02-14T10:00:00Z", charge_attempts=3)


def test_swaps_skips_and_retries_are_events(now):
    assert events(now, SWAPPED) == ["started", "swapped"]
    assert events(now, SKIPPED) == ["started", "skipped"]
    assert events(now, RETRIED) == ["started", "charge_failed", "charge_failed", "charged"]


# Three subscriptions of one person, one cancelled: one subscription ended, no subscriber left. An end that is a swap.
for number in (41, 42):
    subscription(number, customer_id=902)
ONE_OF_THREE = ended(43, "Too expensive", customer_id=902)
add("recharge.customers", id=902, email="three@example.com")
add("recharge.customers", id=903, email="swap@example.com")
REPLACED = ended(44, "Want another product", customer_id=903)
REPLACEMENT = subscription(45, customer_id=903, at="2024-04-05T10:00:00Z")
LATER = subscription(46, customer_id=903, at="2024-04-20T10:00:00Z")


def test_subscriptions_and_subscribers_end_apart(now):
    person = one(now, "subscriptions", ONE_OF_THREE, "customer_id")
    assert now.sql(
        "select count(*) filter (where not is_active), count(distinct customer_id) filter (where is_active)"
        f" from marts.subscriptions where customer_id = '{person}'"
    ) == [(1, 1)]


def test_an_end_with_a_new_start_is_a_swap(now):
    assert one(now, "subscriptions", REPLACED, "replaced_by_subscription_id") == REPLACEMENT
    assert one(now, "subscriptions", ONE_OF_THREE, "replaced_by_subscription_id") is None


# Parcels.


def tracking(key: str, order: str | None, *scans: tuple, promised: str | None = None, **more) -> str:
    """A parcel; a scan is (local time, tag, subtag or None, seen at)."""
    row = {
        "id": key, "tracking_number": f"N-{key}", "slug": "usps", "created_at": "2024-03-01T10:00:00+00:00",
        "updated_at": "2024-03-20T10:00:00+00:00", "tag": scans[-1][1] if scans else "Pending", "subtag": None,
        "order_id": order, "order_number": None, "shipment_delivery_date": None, "first_estimated_delivery": None,
        "order_promised_delivery_date": {"promised_delivery_date": promised} if promised else None,
        "courier_estimated_delivery_date": None, "shipment_direction": "forward",
        "customers": [{"role": "receiver", "email": f"{key}@example.com"}],
        "checkpoints": [
            {"checkpoint_time": at, "tag": tag, "subtag": subtag, "created_at": seen or f"{at[:10]}T23:30:00Z"}
            for at, tag, subtag, seen in scans
        ],
    }  # fmt: skip
    add("aftership.trackings", **row | more)
    return f"aftership:{key}"


def scan(at: str, tag: str, subtag: str | None = None, seen: str | None = None) -> tuple:
    return at, tag, subtag, seen


def parcel_order(at: str = "2024-03-01T10:00:00Z", **more) -> int:
    return SHOP.order(line(1, 10), email="parcels@example.com", at=at, **more)


UNDERWAY = scan("2024-03-04T08:00:00", "InTransit")
LATENESS = ("is_late", "delay_days", "unknown_reason")
BY_ID, BY_NAME, BY_LABEL, BY_NUMBER = (parcel_order(name=f"EU#{number}") for number in range(5001, 5005))
PUNCTUAL = tracking("ontime", str(BY_ID), UNDERWAY, scan("2024-03-10T23:00:00", "Delivered"), promised="2024-03-10")
NAMED = tracking("named", "eu#5002", UNDERWAY, scan("2024-03-12T09:00:00", "Delivered"), promised="2024-03-10")
LABELLED = tracking("labelled", None, UNDERWAY, order_number="EU5003")
UNNAMED = tracking("unnamed", None, UNDERWAY, tracking_number="1Z-9")
OTHER_SHOP = Shop(url="other", first_id=5_000_000, loaded_at=LOADED)
OTHER_SHOP.settings("America/New_York")
OTHER_SHOP.order(line(1, 10), name="#7001")
BY_A_NAME_OF_BOTH = tracking("both", "#7001", UNDERWAY)
SECOND = tracking("second", None, UNDERWAY, tracking_number="1Z-10")
SHOP.fulfillment(BY_NUMBER, at="2024-03-02T10:00:00Z", tracking_number="1z-9", tracking_numbers='["1z-9", "1z-10"]')


def test_orders_of_parcels(now):
    """By id, by name, by label, by the tracking numbers that the shop knows."""
    found = [one(now, "shipments", key, "order_id") for key in (PUNCTUAL, NAMED, LABELLED, UNNAMED, SECOND)]
    assert found == [f"shopify:demo:{number}" for number in (BY_ID, BY_NAME, BY_LABEL, BY_NUMBER, BY_NUMBER)]


def test_a_name_that_two_shops_could_write_names_no_order(now):
    """Even if only one of the orders has arrived."""
    assert one(now, "shipments", BY_A_NAME_OF_BOTH, "shipment_id", "order_id") == (BY_A_NAME_OF_BOTH, None)


def test_late_is_after_the_promised_day(now):
    assert one(now, "shipments", PUNCTUAL, *LATENESS) == (False, 0, None)
    assert one(now, "shipments", NAMED, *LATENESS) == (True, 2, None)


# The courier's estimate moves from the 8th to the 20th; the shop's first estimate is the one that counts.
MOVED_LATER = tracking(
    "moved", None, UNDERWAY, updated_at="2024-03-04T10:00:00Z",
    courier_estimated_delivery_date={"estimated_delivery_date": "2024-03-08"},
)  # fmt: skip
tracking(
    "moved", None, UNDERWAY, scan("2024-03-15T09:00:00", "Delivered"),
    courier_estimated_delivery_date={"estimated_delivery_date": "2024-03-20"},
)  # fmt: skip
FIRST_ESTIMATE = tracking(
    "estimate", None, UNDERWAY, scan("2024-03-15T09:00:00", "Delivered"),
    first_estimated_delivery={"type": "range", "datetime_min": "2024-03-12", "datetime_max": "2024-03-14T00:00:00Z"},
    courier_estimated_delivery_date={"estimated_delivery_date": "2024-03-20"},
)  # fmt: skip
TEXT_PROMISE = tracking("text", None, UNDERWAY, order_promised_delivery_date="2024-03-09")


def test_a_moving_estimate_does_not_hide_lateness(now):
    columns = ("promised_on", "promise_source", "delay_days")
    assert one(now, "shipments", MOVED_LATER, *columns) == (date(2024, 3, 8), "courier", 7)


def test_the_first_promise_counts(now):
    """The late end of a range, in the recipient's calendar whatever offset is behind it; a date in older versions."""
    assert one(now, "shipments", FIRST_ESTIMATE, "promised_on", "delay_days") == (date(2024, 3, 14), 1)
    assert one(now, "shipments", TEXT_PROMISE, "promised_on", "promise_source") == (date(2024, 3, 9), "checkout")


HAWAII = tracking(
    "hawaii",
    None,
    UNDERWAY,
    scan("2024-03-10T23:50:00-10:00", "Delivered", seen="2024-03-11T10:00:00Z"),
    promised="2024-03-10",
)
ATTEMPTED = tracking(
    "attempted", None, UNDERWAY, scan("2024-03-10T12:00:00", "AttemptFail"), scan("2024-03-12T12:00:00", "Delivered"),
    promised="2024-03-10",
)  # fmt: skip


def test_days_are_the_recipients(now):
    assert one(now, "shipments", HAWAII, "delivered_on", "is_late") == (date(2024, 3, 10), False)


def test_a_failed_attempt_is_an_attempt(now):
    assert one(now, "shipments", ATTEMPTED, "first_attempted_on", "delivered_on", "is_late") == (
        date(2024, 3, 10), date(2024, 3, 12), False,
    )  # fmt: skip


RETURN_LEG = tracking("leg", None, UNDERWAY, shipment_direction="return")
NO_DIRECTION = tracking("nowhere", None, UNDERWAY, shipment_direction="null")
GONE_QUIET = tracking("quiet", None, UNDERWAY, tag="Expired", promised="2024-03-10")
NEVER_SCANNED = tracking("label", None, scan("2024-03-02T10:00:00", "InfoReceived"), promised="2024-03-10")
NO_PROMISE = tracking("free", None, UNDERWAY)
OVERDUE = tracking("overdue", None, UNDERWAY, promised="2024-03-10")
UNSEEN = tracking("unseen", None, tag="Delivered", promised="2024-03-10", shipment_delivery_date="2024-03-11T15:00:00")
UNDATED = tracking("undated", None, tag="Delivered", promised="2024-03-10")
STATES = {
    "expired": (GONE_QUIET, "unknown", (None, None, "no_information")),
    "never scanned": (NEVER_SCANNED, "pending", (None, None, "not_scanned")),
    "no promise": (NO_PROMISE, "in_transit", (None, None, "no_promise")),
    "overdue": (OVERDUE, "in_transit", (True, 112, None)),
    "delivered without a scan": (UNSEEN, "delivered", (True, 1, None)),
    "delivered nobody knows when": (UNDATED, "delivered", (None, None, "no_delivery_day")),
}


def test_return_legs_are_no_deliveries(now):
    """The API writes the word null for an unknown direction."""
    assert one(now, "shipments", RETURN_LEG, "shipment_id") is None
    assert one(now, "shipments", NO_DIRECTION, "shipment_id") is not None


@pytest.mark.parametrize(("key", "state", "lateness"), STATES.values(), ids=STATES)
def test_unknown_is_neither_late_nor_lost(now, key, state, lateness):
    assert one(now, "shipments", key, "shipment_state", *LATENESS) == (state, *lateness)


SHUFFLED = tracking(
    "shuffled", None, scan("2024-03-09T09:00:00", "Delivered"), UNDERWAY, UNDERWAY,
    scan("2024-03-05T09:00:00", "InTransit", seen="2024-03-11T10:00:00Z"), tag="Delivered",
    updated_at="2024-03-09T09:30:00Z", promised="2024-03-10",
)  # fmt: skip
TAKEN_BACK = tracking(
    "taken", None, UNDERWAY, scan("2024-03-06T09:00:00", "Delivered"), updated_at="2024-03-06T10:00:00Z"
)
tracking("taken", None, UNDERWAY, scan("2024-03-09T09:00:00", "OutForDelivery"))
TELEPORTED = tracking("beam", None, tag="Teleported", subtag="Beam_001")
DAMAGED = tracking(
    "damaged", None, UNDERWAY, scan("2024-03-05T09:00:00", "Exception", "Exception_012"),
    scan("2024-03-06T09:00:00", "InTransit"), scan("2024-03-08T09:00:00", "Delivered"),
)  # fmt: skip
GRUMBLING = tracking(
    "grumbling", None, UNDERWAY, scan("2024-03-05T09:00:00", "Delivered"),
    scan("2024-03-06T09:00:00", "Exception", "Exception_005"),
)  # fmt: skip
LOST = tracking(
    "lost", None, UNDERWAY, scan("2024-03-05T09:00:00", "Exception", "Exception_013"), subtag="Exception_013"
)


def test_scans_in_any_order_and_twice(now):
    assert one(now, "shipments", SHUFFLED, "shipment_state", "delivered_on", "shipped_on") == (
        "delivered", date(2024, 3, 9), date(2024, 3, 4),
    )  # fmt: skip


def test_a_scan_taken_back_is_gone(now):
    assert one(now, "shipments", TAKEN_BACK, "shipment_state", "delivered_on") == ("out_for_delivery", None)


def test_exceptions_open_and_close(now):
    columns = ("exception_state", "exception_opened_at", "exception_resolved_at")
    assert one(now, "shipments", GRUMBLING, "shipment_state", *columns) == ("delivered", None, None, None)
    assert one(now, "shipments", DAMAGED, *columns) == (
        "damaged", datetime(2024, 3, 5, 23, 30), datetime(2024, 3, 6, 23, 30),
    )  # fmt: skip
    assert one(now, "shipments", LOST, "shipment_state", *columns)[:2] == ("lost", "lost")
    assert one(now, "shipments", LOST, "exception_resolved_at") is None
    assert one(now, "shipments", TELEPORTED, "shipment_state") == "unknown"


# A number used a year before and six weeks later; a parcel with two orders; an order in two; two that nobody tracks.
OLD, NEW, LONE, SHARED_ONE, SHARED_TWO, SPLIT, UNTRACKED, CALLED_OFF = (parcel_order() for _ in range(8))
RECYCLED_OLD = tracking("old", None, UNDERWAY, tracking_number="R-1", created_at="2023-03-01T10:00:00Z")
RECYCLED_NEW = tracking("new", None, UNDERWAY, tracking_number="R-1")
tracking("soon", None, UNDERWAY, tracking_number="R-1", created_at="2024-04-10T10:00:00Z")
tracking("ancient", None, UNDERWAY, tracking_number="R-2", created_at="2023-03-01T10:00:00Z")
SHOP.fulfillment(OLD, at="2023-03-01T08:00:00Z", tracking_number="R-1")
SHOP.fulfillment(NEW, at="2024-03-01T08:00:00Z", tracking_number="R-1")
ALONE = SHOP.fulfillment(LONE, at="2024-03-01T08:00:00Z", tracking_number="R-2")
SHARED = tracking("shared", str(SHARED_ONE), UNDERWAY)
for number in (SHARED_ONE, SHARED_TWO):
    SHOP.fulfillment(number, at="2024-03-01T08:00:00Z", tracking_number="N-shared")
HALVES = [tracking(half, str(SPLIT), UNDERWAY) for half in ("left", "right")]
SHOP.fulfillment(SPLIT, at="2024-03-01T08:00:00Z")
NOTED = SHOP.fulfillment(
    UNTRACKED, at="2024-03-02T02:00:00Z", tracking_company="DHL", tracking_number="D-1", shipment_status="delivered"
)
SHOP.fulfillment(CALLED_OFF, status="cancelled")


def parcels_of(warehouse: Warehouse, number: int) -> list[str]:
    query = f"select shipment_id from marts.shipment_orders where order_id = 'shopify:demo:{number}' order by 1"
    return [key for (key,) in warehouse.sql(query)]


def test_tracking_numbers_are_used_again(now):
    assert (parcels_of(now, OLD), parcels_of(now, NEW)) == ([RECYCLED_OLD], [RECYCLED_NEW])
    assert parcels_of(now, LONE) == [f"shopify:demo:{ALONE}"]


def test_parcels_and_orders_are_many_to_many(now):
    assert parcels_of(now, SHARED_ONE) == parcels_of(now, SHARED_TWO) == [SHARED]
    assert one(now, "shipments", SHARED, "order_id", "order_count") == (f"shopify:demo:{SHARED_ONE}", 2)
    assert parcels_of(now, SPLIT) == HALVES


def test_a_fulfilment_that_nobody_tracks_is_a_parcel(now):
    key = f"shopify:demo:{NOTED}"
    assert parcels_of(now, UNTRACKED) == [key]
    assert one(now, "shipments", key, "shipment_state", "shipped_on", "delivered_on", "is_late", "unknown_reason") == (
        "delivered", date(2024, 3, 1), None, None, "no_tracking",
    )  # fmt: skip
    assert parcels_of(now, CALLED_OFF) == []


def test_one_parcel_is_one_row(now):
    parcels = {row["id"] for row in TABLES["aftership.trackings"]} - {"leg", "t90"}
    assert now.one("select count(*) from marts.shipments") == len(parcels) + 2


IN_MAY = tracking(
    "may", None, UNDERWAY, scan("2024-05-05T09:00:00", "Exception", "Exception_004"),
    scan("2024-05-06T09:00:00", "Delivered"), promised="2024-05-02", created_at="2024-03-03T10:00:00Z",
    updated_at="2024-05-06T10:00:00Z", shipment_delivery_date="2024-05-06",
)  # fmt: skip
AFTERWARDS = tracking("after", None, created_at="2024-05-02T10:00:00Z")


def test_later_scans_are_not_known_yet(now, april):
    columns = ("shipment_state", "delivered_on", "is_late", "exception_state")
    assert one(now, "shipments", IN_MAY, *columns) == ("delivered", date(2024, 5, 6), True, "customs")
    assert one(april, "shipments", IN_MAY, *columns) == ("in_transit", None, False, None)
    assert one(april, "shipments", AFTERWARDS, "shipment_id") is None


# Returns.


def sent_back(key: str, order: int, **more) -> str:
    row = {
        "id": key, "rma_number": key.upper(), "created_at": "2024-03-20T10:00:00Z", "filed_by": "shopper",
        "approved_at": "2024-03-21T10:00:00Z", "refunded_at": None, "rejected_at": None, "resolved_at": None,
        "refund_destination": "original_payment", "refunded_total": None, "outcomes": None, "exchange": None,
        "order": {"external_id": str(order), "customer": {"emails": ["returns@example.com", "x@y.z"]}},
        "return_items": [
            {"id": "a", "external_order_item_id": "1", "return_reason": "Too small", "return_quantity": 2,
             "return_reason_comment": "Ann says: too small"},
            {"id": "b", "return_reason": "Regret", "return_subreason": "Colour", "intended_return_quantity": 1},
        ],
    }  # fmt: skip
    add("aftership.returns", **row | more)
    return f"aftership:{key}"


EXCHANGED_FOR = parcel_order(at="2024-03-25T10:00:00Z")
MAY = "2024-05-10T10:00:00Z"
PAID = {"amount": "25.10", "currency": "USD"}
REFUNDED = sent_back("refund", BY_ID, refunded_total=PAID, refunded_at=MAY, resolved_at=MAY)
EXCHANGE = sent_back("exchange", BY_ID, exchange={"order": {"external_id": str(EXCHANGED_FOR)}}, resolved_at=MAY)
NO_EXCHANGE = sent_back("credit", BY_ID, exchange={}, refund_destination="store_credit")
REJECTED = sent_back("rejected", BY_ID, approved_at=None, rejected_at="2024-03-22T10:00:00Z")
sent_back("broken", BY_ID, refunded_total={"amount": "much", "currency": "USD"})


def test_what_came_of_a_return(now):
    columns = ("outcome", "refunded_amount", "return_state")
    assert one(now, "returns", REFUNDED, *columns) == ("refund", Decimal("25.10"), "done")
    assert one(now, "returns", EXCHANGE, *columns) == ("exchange", None, "done")
    assert one(now, "returns", NO_EXCHANGE, *columns) == ("store_credit", None, "approved")
    assert one(now, "returns", REJECTED, *columns) == (None, None, "rejected")


def test_an_exchange_is_no_order(now):
    key = f"shopify:demo:{EXCHANGED_FOR}"
    assert one(now, "returns", EXCHANGE, "exchange_order_id") == key
    assert one(now, "orders", key, "invalid_reason") == "replacement"


def test_reasons_of_a_return_are_those_of_its_lines(now):
    found = one(now, "returns", REFUNDED, "reason", "subreason", "reason_count", "quantity", "order_id")
    assert found == ("Too small", None, 2, 3, f"shopify:demo:{BY_ID}")
    line = one(now, "return_lines", f"{REFUNDED}:a", "order_line_id", "product_id")
    assert line == (f"shopify:demo:{BY_ID}:1", "7001")


def test_a_later_refund_is_not_known_yet(april):
    columns = ("return_state", "refunded_at", "refunded_amount")
    assert one(april, "returns", REFUNDED, *columns) == ("approved", None, None)


# Tickets.


def ticket(number: int, *tags: str, at: str = "2024-04-10T10:00:00", **more) -> str:
    row = {
        "id": number, "created_datetime": at, "updated_datetime": at, "closed_datetime": None, "trashed_datetime": None,
        "channel": "email", "priority": "normal", "spam": False, "from_agent": False, "subject": "Hello",
        "excerpt": "Hi", "customer": {"id": 1, "email": "asks@example.com"},
        "tags": [{"id": 1, "name": tag} for tag in tags], "custom_fields": {},
    }  # fmt: skip
    add("gorgias.tickets", **row | more)
    return f"gorgias:{number}"


def message(number: int, of: int, minute: int, from_agent: bool = False, **more) -> None:
    """A message so many minutes after ten o'clock on 10 April."""
    at = f"2024-04-10T{10 + minute // 60:02d}:{minute % 60:02d}:00"
    add("gorgias.messages", **{"id": number, "ticket_id": of, "created_datetime": at, "from_agent": from_agent} | more)


TOPICS = {
    "tag, upper case": (ticket(1, "WISMO"), ("order_status", True)),
    "tag with blanks": (ticket(2, "  Refund-Request "), ("refund", False)),
    "field path before tag": (
        ticket(3, "refund", custom_fields={"77": {"id": 77, "value": "Returns::Too small"}}), ("return", False),
    ),
    "any label asks": (ticket(4, "where_is_my_order", "subscription"), ("order_status", True)),
    "asks by its tag, another topic by its field": (
        ticket(5, "wismo", custom_fields={"5": {"id": 5, "value": "damaged"}, "6": {"id": 6, "value": True}}),
        ("damaged", True),
    ),
    "unknown tag": (ticket(6, "Zebra"), (None, None)),
    "not within a word": (ticket(7, "returning-customer", "refund"), ("refund", False)),
    "no tag": (ticket(8), (None, None)),
}  # fmt: skip


@pytest.mark.parametrize(("key", "expected"), TOPICS.values(), ids=TOPICS)
def test_topics_are_typed_by_hand(now, key, expected):
    assert one(now, "tickets", key, "topic", "is_order_status") == expected


SPAM, OUTBOUND = ticket(10, spam=True), ticket(11, from_agent=True)
TRASHED = ticket(12, trashed_datetime="2024-05-10T10:00:00", updated_datetime="2024-05-10T10:00:00")


def test_what_is_no_contact(now, april):
    assert [one(now, "tickets", key, "ticket_id") for key in (SPAM, OUTBOUND, TRASHED)] == [None, None, None]
    assert one(april, "tickets", TRASHED, "ticket_id") == TRASHED


ANSWERED = ticket(20)
message(201, 20, 0, from_agent=True, rule_id=3)
message(202, 20, 1)
message(203, 20, 2, from_agent=True, rule_id=3)
message(204, 20, 3, from_agent=True, public=False, channel="internal-note")
message(205, 20, 4, from_agent=True, failed_datetime="2024-04-10T10:05:00")
message(206, 20, 90, from_agent=True)
message(207, 20, 95, from_agent=True)
AGENT_FIRST = ticket(21)
message(211, 21, 0, from_agent=True)
message(212, 21, 10)
message(213, 21, 30, from_agent=True)


def test_the_first_answer_is_a_persons(now):
    """Not a rule's, not a note, not one that failed, not one before the question."""
    assert one(now, "tickets", ANSWERED, "first_responded_at") == datetime(2024, 4, 10, 11, 30)
    assert one(now, "tickets", AGENT_FIRST, "first_responded_at") == datetime(2024, 4, 10, 10, 30)


def contact(number: int, answered: int | None, **more) -> str:
    """A ticket asked at ten and answered so many minutes later."""
    key = ticket(number, **more)
    message(number * 10, number, 0)
    if answered is not None:
        message(number * 10 + 1, number, answered, from_agent=True)
    return key


LAST_HOUR = "2024-07-01T03:00:00"
IN_TIME, TOO_LATE = contact(30, 720), contact(31, 721)
CHAT, BY_FAX = contact(32, 16, channel="chat"), contact(33, 721, channel="fax")
WAITING = contact(34, None)
CLOSED = contact(35, None, closed_datetime="2024-04-10T12:00:00")
SLA = {
    "in time": (IN_TIME, "answered", False),
    "a minute late": (TOO_LATE, "answered", True),
    "chat is faster": (CHAT, "answered", True),
    "other channels have the level of all": (BY_FAX, "answered", False),
    "never answered": (WAITING, "waiting", True),
    "closed before it was due": (CLOSED, "closed_unanswered", None),
    "nobody knows what was asked": (TOPICS["no tag"][0], "no_customer_message", None),
}


@pytest.mark.parametrize(("key", "state", "breached"), SLA.values(), ids=SLA)
def test_service_levels(now, key, state, breached):
    assert one(now, "tickets", key, "response_state", "sla_breached") == (state, breached)


NOT_DUE = ticket(36, at=LAST_HOUR)
add("gorgias.messages", id=361, ticket_id=36, created_datetime=LAST_HOUR, from_agent=False)


def test_what_is_not_due_is_not_breached(now):
    assert one(now, "tickets", NOT_DUE, "response_state", "sla_breached") == ("waiting", None)


def test_times_are_utc_and_days_the_shops(now):
    assert one(now, "tickets", NOT_DUE, "opened_at", "opened_on") == (datetime(2024, 7, 1, 3), date(2024, 6, 30))


def test_without_messages_nobody_knows(april):
    columns = ("response_state", "first_responded_at", "sla_breached")
    assert one(april, "tickets", IN_TIME, *columns) == ("no_source", None, None)
    assert april.one("select count(*) from marts.tickets where sla_breached is not null") == 0


def survey(number: int, of: int, score: int | None, scored: str | None = None) -> None:
    at = "2024-04-11T10:00:00"
    add(
        "gorgias.satisfaction_surveys", id=number, ticket_id=of, score=score, created_datetime=at, sent_datetime=at,
        scored_datetime=scored,
    )  # fmt: skip


survey(1, 30, None)
survey(2, 31, 2, "2024-05-11T10:00:00")
survey(3, 31, None)
survey(4, 32, 7, "2024-04-12T10:00:00")


def test_an_unanswered_survey_is_not_a_bad_one(now, april):
    scores = [one(now, "tickets", key, "csat_score") for key in (IN_TIME, TOO_LATE, CHAT)]
    assert scores == [None, 2, None]
    assert one(april, "tickets", TOO_LATE, "csat_score", "csat_scored_at") == (None, None)


REOPENED = ticket(40, closed_datetime="2024-04-11T10:00:00", updated_datetime="2024-04-11T10:00:00")
ticket(40, updated_datetime="2024-05-11T10:00:00")
ABOUT_AN_ORDER = ticket(41, custom_fields={"9": {"id": 9, "value": "eu#5001"}, "10": {"id": 10, "value": "12"}})
OF_THE_OWNER = ticket(
    42,
    customer={
        "id": 2, "email": "other@example.com",
        "integrations": {"5512": {"__integration_type__": "shopify", "customer": {"id": OWNER}}, "7": {"other": 1}},
    },
)  # fmt: skip
ONLY_AN_ID = ticket(43, customer={"id": 2})
add("gorgias.customers", id=2, email="second@example.com", external_id="who", created_datetime="2024-01-01T00:00:00")


def test_a_reopened_ticket_is_open(now, april):
    assert one(now, "tickets", REOPENED, "closed_at") is None
    assert one(april, "tickets", REOPENED, "closed_at") == datetime(2024, 4, 11, 10)


def test_whose_and_which_order_a_ticket_is(now):
    """The shop's customer by an integration, whatever its key; else the helpdesk's customer. The order by a field."""
    assert one(now, "tickets", OF_THE_OWNER, "customer_id") == one(now, "subscriptions", PLAIN, "customer_id")
    assert one(now, "tickets", ABOUT_AN_ORDER, "order_id") == f"shopify:demo:{BY_ID}"
    helpdesk = "source_name = 'gorgias' and source_record_type = 'customer'"
    assert one(now, "tickets", ONLY_AN_ID, "customer_id") == now.one(
        f"select customer_id from marts.customer_records where {helpdesk}"
    )


# What becomes of every raw row.

subscription(90, price="free")
charge(91, 1, "success", line_items='{"not": "a list"}')
add("aftership.trackings", id="t90", tag="Pending", created_at="soon", checkpoints=[])
ticket(90, customer_is="x", customer="Ann")
for table in ("recharge.subscriptions", "aftership.trackings", "gorgias.tickets"):
    TABLES[table].append(TABLES[table][0])


def test_every_row_is_accounted_for(now):
    found = {
        f"{each['system']}.{each['table_name']}": each
        for each in now.rows("from quality.row_accounting")
        if each["system"] in ("recharge", "aftership", "gorgias")
    }
    raw_rows = {name: each["raw_rows"] for name, each in found.items()}
    assert raw_rows == {name: len(rows) for name, rows in TABLES.items()}
    refused = {name: each["quarantined_rows"] for name, each in found.items() if each["quarantined_rows"]}
    assert refused == {
        "recharge.subscriptions": 1, "recharge.charges": 1, "aftership.trackings": 1, "aftership.returns": 1,
        "gorgias.tickets": 1, "gorgias.satisfaction_surveys": 1,
    }  # fmt: skip
    # Spam, trash and what the shop opened are staged, and left out of the mart.
    tickets = found["gorgias.tickets"]
    assert tickets["staged_rows"] == now.one("select count(*) from marts.tickets") + 3
    assert (tickets["duplicate_rows"], tickets["tombstone_rows"]) == (2, 0)


def test_with_every_test_of_the_project(now):
    assert now.failures == []
