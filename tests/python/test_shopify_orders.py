"""Shopify orders to the cent: each case is one order, with the figures worked out by hand beside it.

All cases share one build. A case is added to a shop where it is described, and its test looks the order up.
"""

import json
from datetime import date, datetime
from decimal import Decimal

import pytest
from conftest import Raw, Warehouse, build
from shopify import Shop, adjustment, goods, line, money, tip, write_shops

DEMO = Shop()
OTHER = Shop(url="other", first_id=1_000_000)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Warehouse:
    folder = tmp_path_factory.mktemp("shopify_orders")
    return build(write_shops(Raw(folder / "raw"), DEMO, OTHER), folder)


def order_of(shop: Warehouse, number: int, url: str = "demo") -> dict:
    (found,) = shop.rows(f"from marts.orders where order_id = 'shopify:{url}:{number}'")
    return found


def amounts(shop: Warehouse, number: int) -> tuple[float, ...]:
    """gross, discount, refunded, net"""
    found = order_of(shop, number)
    return tuple(
        float(found[f"{name}"]) for name in ("gross_revenue", "discount_amount", "refunded_amount", "net_revenue")
    )


def reason(shop: Warehouse, number: int) -> str | None:
    found = order_of(shop, number)
    assert found["is_valid"] == (found["invalid_reason"] is None)
    return found["invalid_reason"]


def refunds_of(shop: Warehouse, number: int) -> list[dict]:
    return shop.rows(f"from marts.refunds where order_id = 'shopify:demo:{number}' order by refund_line_id")


# Discounts: a line's shares of all discounts count; total_discount is the legacy form and says the same or nothing.

ALLOCATED = DEMO.order(line(1, 20, 2, discounts=[5, 2.5], total_discount=9.0), shipping=4.9)
LEGACY = DEMO.order(
    line(1, 30, discount_allocations=None, total_discount=4.0),
    line(2, 10, total_discount=1.0),
    {key: value for key, value in line(3, 5, total_discount=0.5).items() if key != "discount_allocations"},
)


def test_allocated_discounts(shop):
    assert amounts(shop, ALLOCATED) == (40, 7.5, 0, 32.5)
    assert order_of(shop, ALLOCATED)["shipping_amount"] == Decimal("4.90")


def test_legacy_discounts(shop):
    """An empty list, null and no list at all are the same."""
    assert amounts(shop, LEGACY) == (45, 5.5, 0, 39.5)


# Tax: 120.00 with 20 % inside, half of it off by a discount: paid 60.00, of which 10.00 is tax; without it 100.00 less
# 50.00.

TAX_INSIDE = DEMO.order(line(1, 120, discounts=[60], tax=10), taxes_included=True, total_tax=10.0)
TAX_ON_TOP = DEMO.order(line(1, 100, tax=20), total_tax=20.0)
TAX_REFUNDED = DEMO.order(line(1, 120, 2, tax=40), taxes_included=True, total_tax=40.0)
DEMO.refund(TAX_REFUNDED, goods(1, 120, tax=20), paid=120)
THIRDS = DEMO.order(line(1, 3.33, 3, discounts=[0.01], tax=1.59), taxes_included=True)


def test_tax(shop):
    assert amounts(shop, TAX_INSIDE) == (100, 50, 0, 50)
    assert amounts(shop, TAX_ON_TOP) == (100, 0, 0, 100)
    assert amounts(shop, TAX_REFUNDED) == (200, 0, 100, 100)
    assert [(each["amount"], each["tax_amount"]) for each in refunds_of(shop, TAX_REFUNDED)] == [(100, 20)]
    assert order_of(shop, TAX_ON_TOP)["tax_amount"] == 20
    assert amounts(shop, THIRDS) == (8.4, 0.01, 0, 8.39)


# Gift cards: sold, a liability; spent, a way to pay. A tip is a line of the order and no merchandise.

CARD_AND_GOODS = DEMO.order(line(1, 50, gift_card=True), line(2, 15))
CARD_ONLY = DEMO.order(line(1, 50, gift_card=True))
CARD_RETURNED = DEMO.order(line(1, 50, gift_card=True), line(2, 15))
DEMO.refund(CARD_RETURNED, goods(1, 50), paid=50)
PAID_BY_CARD = DEMO.order(line(1, 25), payment_gateway_names='["gift_card"]')
DEMO.transaction(PAID_BY_CARD, "sale", 25, gateway="gift_card")
TIPPED = DEMO.order(line(1, 25), tip(2, 3.59), total_tip_received=3.59)
DEMO.refund(TIPPED, goods(2, 3.59), paid=3.59)


def test_gift_card_sold_is_a_liability(shop):
    assert amounts(shop, CARD_AND_GOODS) == (15, 0, 0, 15)
    assert order_of(shop, CARD_AND_GOODS)["gift_card_amount"] == 50
    assert reason(shop, CARD_AND_GOODS) is None
    assert amounts(shop, CARD_ONLY) == (0, 0, 0, 0)
    assert reason(shop, CARD_ONLY) == "gift_cards_only"


def test_gift_card_returned_is_no_merchandise(shop):
    assert amounts(shop, CARD_RETURNED) == (15, 0, 0, 15)
    assert [(each["kind"], each["amount"], each["net_revenue"]) for each in refunds_of(shop, CARD_RETURNED)] == [
        ("gift_card", 50, 0)
    ]


def test_gift_card_spent_is_no_discount(shop):
    assert amounts(shop, PAID_BY_CARD) == (25, 0, 0, 25)


def test_tip_is_no_merchandise(shop):
    assert amounts(shop, TIPPED) == (25, 0, 0, 25)
    assert order_of(shop, TIPPED)["tip_amount"] == Decimal("3.59")
    assert [(each["kind"], each["net_revenue"]) for each in refunds_of(shop, TIPPED)] == [("tip", 0)]


# Refunds.

AMOUNT_ONLY = DEMO.order(line(1, 40))
DEMO.refund(AMOUNT_ONLY, adjustment(-10), paid=10)
MONEY_ONLY = DEMO.order(line(1, 40))
DEMO.refund(MONEY_ONLY, paid=10)
NO_TRANSACTIONS = DEMO.order(line(1, 40), line(2, 10))
DEMO.refund(NO_TRANSACTIONS, goods(1, 40), transactions=None)
LESS_THAN_GOODS = DEMO.order(line(1, 25, 2))
DEMO.refund(LESS_THAN_GOODS, goods(1, 50, 2), adjustment(20), paid=30)
SHIPPING = DEMO.order(line(1, 40), shipping=5)
DEMO.refund(SHIPPING, adjustment(-5, "shipping_refund", tax=-0.8), paid=5.8)
RESTOCKED = DEMO.order(line(1, 20))
DEMO.refund(RESTOCKED, goods(1, 20, restock="cancel"))
FAILED = DEMO.order(line(1, 20))
DEMO.refund(
    FAILED,
    goods(1, 20),
    transactions=json.dumps(
        [
            {"kind": "refund", "status": "failure", "amount": "20.00"},
            {"kind": "sale", "status": "success", "amount": "20.00"},
        ]
    ),
)
PARTIAL = DEMO.order(line(1, 20, 2), line(2, 7))
DEMO.refund(PARTIAL, goods(1, 20), paid=20, at="2024-03-10T10:00:00Z")
DEMO.refund(PARTIAL, goods(2, 7), paid=7, at="2024-05-02T10:00:00Z")
FULL = DEMO.order(line(1, 20), line(2, 10, discounts=[1]), financial_status="refunded")
DEMO.refund(FULL, goods(1, 20), goods(2, 9), paid=29)
PAID_BACK_LATER = DEMO.order(line(1, 20))
PENDING_AT_FIRST = DEMO.refund(
    PAID_BACK_LATER,
    goods(1, 5),
    transactions=json.dumps([{"kind": "refund", "status": "pending", "amount": "5.00"}]),
    _airbyte_extracted_at="2024-03-11T04:00:00Z",
)
DEMO.refund(PAID_BACK_LATER, goods(1, 5), paid=5, id=PENDING_AT_FIRST)
UNKNOWN_LINE = DEMO.order(line(1, 20))
DEMO.refund(UNKNOWN_LINE, goods(77, 5), paid=5)
DELETED_REFUNDED = DEMO.order(line(1, 20))
DEMO.tombstone(DELETED_REFUNDED, "2024-04-01T00:00:00Z")
LOST_REFUND = DEMO.refund(DELETED_REFUNDED, goods(1, 20), paid=20)


def test_amount_only_refund(shop):
    assert amounts(shop, AMOUNT_ONLY) == (40, 0, 10, 30)
    assert [(each["kind"], each["order_line_id"]) for each in refunds_of(shop, AMOUNT_ONLY)] == [("amount", None)]


def test_less_money_than_goods(shop):
    """50.00 of goods came back and 30.00 was paid for them: the discrepancy is positive."""
    assert amounts(shop, LESS_THAN_GOODS) == (50, 0, 30, 20)


def test_refund_of_money_without_any_piece(shop):
    assert amounts(shop, MONEY_ONLY) == (40, 0, 10, 30)


def test_refund_whose_transactions_nobody_brought(shop):
    """Unknown is not none: the goods came back, so their money did."""
    assert amounts(shop, NO_TRANSACTIONS) == (50, 0, 40, 10)


def test_shipping_refund_is_no_merchandise(shop):
    assert amounts(shop, SHIPPING) == (40, 0, 0, 40)
    (found,) = refunds_of(shop, SHIPPING)
    assert (found["kind"], found["amount"], found["net_revenue"]) == ("shipping", 5, 0)


@pytest.mark.parametrize("number", [RESTOCKED, FAILED], ids=["restocked", "failed"])
def test_refund_without_money(shop, number):
    assert amounts(shop, number) == (20, 0, 0, 20)
    (found,) = refunds_of(shop, number)
    assert (found["quantity"], found["amount"], found["has_moved_money"]) == (1, 0, False)
    assert reason(shop, number) is None


def test_a_refund_that_was_pending_when_it_was_first_loaded(shop):
    """Refunds carry no time of change: an incremental sync brings them once, a full one what came of them."""
    assert amounts(shop, PAID_BACK_LATER) == (20, 0, 5, 15)


def test_partial_refunds_are_booked_on_their_days(shop):
    assert amounts(shop, PARTIAL) == (47, 0, 27, 20)
    assert reason(shop, PARTIAL) is None
    assert order_of(shop, PARTIAL)["ordered_on"] == date(2024, 3, 4)
    assert {(each["refunded_on"], each["net_revenue"]) for each in refunds_of(shop, PARTIAL)} == {
        (date(2024, 3, 10), 20),
        (date(2024, 5, 2), 7),
    }
    assert shop.sql(
        f"select sku, refunded_quantity, net_revenue from marts.order_lines where order_id = 'shopify:demo:{PARTIAL}'"
        " order by sku"
    ) == [("SKU-1", 1, 20), ("SKU-2", 1, 0)]


def test_full_refund_is_no_order(shop):
    assert amounts(shop, FULL) == (30, 1, 29, 0)
    assert reason(shop, FULL) == "fully_refunded"


def test_refund_of_an_unknown_line_reduces_the_order(shop):
    assert amounts(shop, UNKNOWN_LINE) == (20, 0, 5, 15)
    assert [each["order_line_id"] for each in refunds_of(shop, UNKNOWN_LINE)] == [None]


def test_refund_of_a_deleted_order_stays_visible(shop):
    (found,) = shop.rows(f"from marts.refunds where refund_id = 'shopify:demo:{LOST_REFUND}'")
    assert (found["order_id"], found["match_state"], found["net_revenue"]) == (None, "order_missing", 20)


# Which orders count.

CANCELLED = DEMO.order(line(1, 20), cancelled_at="2024-03-05T10:00:00Z")
CANCELLED_AFTER_SHIPPING = DEMO.order(line(1, 20), cancelled_at="2024-03-07T10:00:00Z")
DEMO.fulfillment(CANCELLED_AFTER_SHIPPING, at="2024-03-06T10:00:00Z")
SHIPPED_IN_VAIN = DEMO.order(line(1, 20), cancelled_at="2024-03-07T10:00:00Z")
DEMO.fulfillment(SHIPPED_IN_VAIN, at="2024-03-06T10:00:00Z", status="cancelled")
DEMO.fulfillment(SHIPPED_IN_VAIN, at="2024-03-08T10:00:00Z")
VOIDED = DEMO.order(line(1, 20), financial_status="voided", cancelled_at="2024-03-05T10:00:00Z")
DEMO.transaction(VOIDED, "authorization", 20)
DEMO.transaction(VOIDED, "void", 20)
PENDING = DEMO.order(line(1, 20), financial_status="pending")
AUTHORIZED = DEMO.order(line(1, 20), financial_status="authorized")
PARTIALLY_PAID = DEMO.order(line(1, 20), financial_status="partially_paid")
TEST = DEMO.order(line(1, 20), test=True, tags="staff")
DRAFT = DEMO.order(line(1, 20), source_name="shopify_draft_order")
FREE = DEMO.order(line(1, 0))
ALL_OFF = DEMO.order(line(1, 20, discounts=[20]))
NO_LINES = DEMO.order()
WHOLESALE = DEMO.order(line(1, 20), tags="VIP, Wholesale")
WHOLESALE_LIKE = DEMO.order(line(1, 20), tags="VIP, wholesaler-lead")
STAFF = DEMO.order(line(1, 20), tags="staff")
MARKETPLACE = DEMO.order(line(1, 20), source_name="amazon-us")
REPLACEMENT = DEMO.order(line(1, 20), tags="Exchange")
REASONS = {
    "cancelled": (CANCELLED, "cancelled"),
    "cancelled after shipping": (CANCELLED_AFTER_SHIPPING, None),
    "shipment cancelled too": (SHIPPED_IN_VAIN, "cancelled"),
    "voided": (VOIDED, "voided"),
    "pending": (PENDING, "payment_pending"),
    "authorized": (AUTHORIZED, None),
    "partially paid": (PARTIALLY_PAID, None),
    "test before staff": (TEST, "test"),
    "draft": (DRAFT, None),
    "free": (FREE, "zero_value"),
    "all off": (ALL_OFF, "zero_value"),
    "no lines": (NO_LINES, "no_lines"),
    "wholesale": (WHOLESALE, "wholesale"),
    "no such tag": (WHOLESALE_LIKE, None),
    "staff": (STAFF, "staff"),
    "marketplace": (MARKETPLACE, "marketplace"),
    "replacement": (REPLACEMENT, "replacement"),
}


@pytest.mark.parametrize(("number", "expected"), REASONS.values(), ids=REASONS)
def test_which_orders_count(shop, number, expected):
    assert reason(shop, number) == expected


def test_an_order_that_does_not_count_keeps_its_money(shop):
    assert amounts(shop, CANCELLED) == (20, 0, 0, 20)


# Where an order was placed, and when.

AT_THE_TILL = DEMO.order(line(1, 20), source_name="pos", location_id=32131711046, shipping_address=None)
BY_SUBSCRIPTION = DEMO.order(line(1, 20), tags="VIP, Subscription, Subscription Recurring Order", source_name="294517")
BY_CONTRACT = DEMO.order(line(1, 20), source_name="subscription_contract")
IMPORTED = DEMO.order(line(1, 20), at="2023-02-03T23:00:00-05:00", created_at="2024-06-01T00:00:00Z")


def test_channels(shop):
    channels = {
        number: order_of(shop, number)["sales_channel"] for number in (AT_THE_TILL, BY_SUBSCRIPTION, BY_CONTRACT, DRAFT)
    }
    assert list(channels.values()) == ["pos", "subscription", "subscription", "online"]
    assert order_of(shop, AT_THE_TILL)["store_id"] == "32131711046"
    assert order_of(shop, AT_THE_TILL)["country_code"] is None
    assert (order_of(shop, DRAFT)["store_id"], order_of(shop, DRAFT)["country_code"]) == ("demo", "DE")


def test_an_import_counts_when_it_was_placed(shop):
    assert order_of(shop, IMPORTED)["ordered_at"] == datetime(2023, 2, 4, 4)


# Who ordered.

ANN = DEMO.customer("ann@example.com")
FIRST_OF_ANN = DEMO.order(line(1, 5), customer=ANN, at="2024-01-01T09:00:00Z", cancelled_at="2024-01-01T10:00:00Z")
SECOND_OF_ANN = DEMO.order(line(1, 10), customer=ANN, at="2024-01-02T09:00:00Z", email="other@example.com")
TEST_OF_ANN = DEMO.order(line(1, 10), customer=ANN, at="2024-01-03T09:00:00Z", test=True)
DOLLARS_OF_ANN = DEMO.order(line(1, 30), customer=ANN, at="2024-02-01T09:00:00Z", currency="USD")
FOURTH_OF_ANN = DEMO.order(line(1, 20), customer=ANN, at="2024-03-01T09:00:00Z")
ONCE_AS_GUEST = DEMO.order(line(1, 5), email=" Guest.Person@Example.com ", at="2024-01-05T09:00:00Z")
TWICE_AS_GUEST = DEMO.order(line(1, 5), email="guest.person@example.com", customer=None, at="2024-01-06T09:00:00Z")
GUEST_BY_GMAIL = DEMO.order(line(1, 5), email="J.Doe+shop@googlemail.com")
GUEST_BY_GMAIL_AGAIN = DEMO.order(line(1, 5), email="jdoe@gmail.com")
PLAIN, TAGGED = (DEMO.order(line(1, 5), email=f"kim{tag}@example.com") for tag in ("", "+gifts"))
EMPTY_CUSTOMERS = [
    DEMO.order(line(1, 5), customer=customer, email="jdoe@gmail.com") for customer in ("null", "{}", '{"id": null}')
]
NOBODY = DEMO.order(line(1, 5))
PLACEHOLDER = DEMO.order(line(1, 5), email="test@test.com")
HASH_OF_NOTHING = DEMO.order(line(1, 5), email="d41d8cd98f00b204e9800998ecf8427e")
VANISHED, SURVIVOR = (DEMO.customer(f"both@example.{domain}") for domain in ("com", "org"))
MOVED = DEMO.order(
    line(1, 5), customer=SURVIVOR, updated_at="2024-04-02T10:00:00Z", _airbyte_extracted_at="2024-04-03T04:00:00Z"
)
DEMO.order(line(1, 5), id=MOVED, customer=VANISHED)


def test_customer_id_is_read_from_the_customer(shop):
    """The hoisted customer_id is null since 4.x, and the account is who it is under whatever e-mail."""
    people = {order_of(shop, number)["customer_id"] for number in (FIRST_OF_ANN, SECOND_OF_ANN, FOURTH_OF_ANN)}
    record = f"source_record_type = 'customer' and source_record_id = 'demo:{ANN}'"
    assert people == {shop.one(f"select customer_id from marts.customer_records where {record}")}


def test_only_valid_orders_are_numbered(shop):
    numbers = (FIRST_OF_ANN, SECOND_OF_ANN, TEST_OF_ANN, DOLLARS_OF_ANN, FOURTH_OF_ANN)
    found = [order_of(shop, number) for number in numbers]
    assert [each["order_sequence"] for each in found] == [None, 1, None, 2, 3]
    assert [each["is_first_order"] for each in found] == [False, True, False, False, False]


def test_an_order_without_a_rate_counts_and_carries_no_money(shop):
    found = order_of(shop, DOLLARS_OF_ANN)
    assert (found["is_valid"], found["net_revenue"], found["currency_code"]) == (True, 30, "USD")
    assert found["net_revenue_reporting"] is None
    (person,) = shop.rows(f"from marts.customers where customer_id = '{found['customer_id']}'")
    assert (person["order_count"], person["net_revenue"], person["average_order_value"]) == (3, 30, 15)


def test_guests_are_people_by_email(shop):
    for one, two in ((ONCE_AS_GUEST, TWICE_AS_GUEST), (GUEST_BY_GMAIL, GUEST_BY_GMAIL_AGAIN)):
        assert order_of(shop, one)["customer_id"] == order_of(shop, two)["customer_id"] is not None
    assert order_of(shop, TWICE_AS_GUEST)["order_sequence"] == 2


def test_plus_tags_are_other_people_outside_of_gmail(shop):
    assert order_of(shop, PLAIN)["customer_id"] != order_of(shop, TAGGED)["customer_id"] is not None


def test_an_order_moves_to_the_account_that_survives_a_merge(shop):
    """No stream tells of it; the order's newest version does, also where an older one was loaded again later."""
    record = f"source_record_type = 'customer' and source_record_id = 'demo:{SURVIVOR}'"
    survivor = shop.one(f"select customer_id from marts.customer_records where {record}")
    assert order_of(shop, MOVED)["customer_id"] == survivor


@pytest.mark.parametrize("number", EMPTY_CUSTOMERS, ids=["null", "no keys", "no id"])
def test_an_empty_customer_is_none(shop, number):
    assert order_of(shop, number)["customer_id"] == order_of(shop, GUEST_BY_GMAIL)["customer_id"]


@pytest.mark.parametrize(
    "number", [NOBODY, PLACEHOLDER, HASH_OF_NOTHING], ids=["nobody", "placeholder", "hash of nothing"]
)
def test_orders_of_nobody(shop, number):
    found = order_of(shop, number)
    assert (found["is_valid"], found["customer_id"], found["order_sequence"]) == (True, None, None)


# Versions, duplicates, deletions, shops.

DELETED_LATER = DEMO.order(line(1, 20))
DEMO.tombstone(DELETED_LATER, "2024-05-01T00:00:00Z", _airbyte_extracted_at="2024-07-02T04:00:00Z")
DELETED_BEFORE = DEMO.first_id + 900_000
DEMO.tombstone(DELETED_BEFORE, "2024-05-01T00:00:00Z", _airbyte_extracted_at="2024-05-02T04:00:00Z")
DEMO.order(line(1, 20), id=DELETED_BEFORE)
NEVER_SEEN = DEMO.first_id + 900_001
DEMO.tombstone(NEVER_SEEN, "2024-05-01T00:00:00Z")
EDITED = DEMO.order(
    line(1, 20),
    line(2, 5),
    updated_at="2024-03-06T10:00:00Z",
    tags="edited",
    _airbyte_extracted_at="2024-06-01T04:00:00Z",
)
DEMO.order(line(1, 20), id=EDITED, updated_at="2024-03-04T10:00:00Z", _airbyte_extracted_at="2024-07-02T04:00:00Z")
TWICE = DEMO.order(line(1, 20))
DEMO.rows["orders"].append(DEMO.rows["orders"][-1] | {"_airbyte_raw_id": "another pull"})
REFUND_TWICE = DEMO.refund(TWICE, goods(1, 5), paid=5)
DEMO.rows["order_refunds"].append(DEMO.rows["order_refunds"][-1])
IN_BOTH_SHOPS = DEMO.order(line(1, 20), customer=1)
OTHER.order(line(1, 33), customer=1, id=IN_BOTH_SHOPS)
DEMO.refund(IN_BOTH_SHOPS, goods(1, 4), paid=4)
for each in (DEMO, OTHER):
    each.product(7001, f"Product of {each.url}", product_type=f"Category of {each.url}")
    each.variant(8001, 7001)
WITHOUT_SKU = DEMO.order(
    line(1, 5, sku=""), line(2, 5, sku=None), {key: value for key, value in line(3, 5).items() if key != "sku"}
)
PRESENTED = DEMO.order(
    line(1, 20) | {"price_set": money(20, (22.4, "USD"))},
    presentment_currency="USD",
    total_shipping_price_set=json.dumps(money(5, (5.6, "USD"))),
)


def test_deleted_orders_are_gone(shop):
    gone = ", ".join(f"'{number}'" for number in (DELETED_LATER, DELETED_BEFORE, NEVER_SEEN, DELETED_REFUNDED))
    for table, column in (("orders", "source_order_id"), ("order_lines", "split_part(order_id, ':', 3)")):
        assert shop.one(f"select count(*) from marts.{table} where {column} in ({gone})") == 0


def test_the_newest_version_counts(shop):
    """By the change column: the older version was loaded later."""
    assert amounts(shop, EDITED) == (25, 0, 0, 25)


def test_duplicates_count_once(shop):
    assert amounts(shop, TWICE) == (20, 0, 5, 15)


def test_two_shops_with_the_same_ids(shop):
    assert amounts(shop, IN_BOTH_SHOPS) == (20, 0, 4, 16)
    other = order_of(shop, IN_BOTH_SHOPS, "other")
    assert other["net_revenue"] == 33
    assert other["customer_id"] != order_of(shop, IN_BOTH_SHOPS)["customer_id"]
    assert shop.sql(
        "select split_part(order_id, ':', 2), product_family, category from marts.order_lines"
        f" where order_id like '%:{IN_BOTH_SHOPS}' order by all"
    ) == [("demo", "Product of demo", "Category of demo"), ("other", "Product of other", "Category of other")]


def test_a_blank_sku_is_none(shop):
    lines = f"from marts.order_lines where order_id = 'shopify:demo:{WITHOUT_SKU}'"
    assert shop.sql(f"select count(*), count(sku) {lines}") == [(3, 0)]


def test_presentment_currency_is_ignored(shop):
    found = order_of(shop, PRESENTED)
    assert (found["net_revenue"], found["shipping_amount"], found["currency_code"]) == (20, 5, "EUR")
    assert found["net_revenue_reporting"] == 20


def test_money_of_every_order_adds_up(shop):
    assert (
        shop.one("select count(*) from marts.orders")
        == len({(row["shop_url"], row["id"]) for each in (DEMO, OTHER) for row in each.rows["orders"]}) - 4
    )
    assert (
        shop.rows(
            "select order_id from marts.orders where net_revenue <> gross_revenue - discount_amount - refunded_amount"
        )
        == []
    )


def test_every_row_is_accounted_for(shop):
    found = shop.rows("from quality.row_accounting where system = 'shopify' and raw_rows > 0 order by table_name")
    assert {each["table_name"]: each["raw_rows"] for each in found} == {
        table: len(DEMO.rows[table]) + len(OTHER.rows.get(table, [])) for table in DEMO.rows
    }
    for each in found:
        assert each["raw_rows"] == each["staged_rows"] + each["duplicate_rows"] + each["tombstone_rows"]
    (orders,) = (each for each in found if each["table_name"] == "orders")
    # The deleted orders' own rows are no less gone than their tombstones.
    assert (orders["duplicate_rows"], orders["tombstone_rows"]) == (3, 7)
