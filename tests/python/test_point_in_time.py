"""Building as of an earlier day is building from raw data that ends with that day.

The cutter here knows nothing of the models: it drops what happened after midnight and takes back what became known
later. A shop with a till shows it in detail, the sample of real receipts at size.
"""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from conftest import Raw, Warehouse, build, differences, sale
from shopify import Shop, goods, line, write_rows

AS_OF = date(2024, 5, 15)
CUT = datetime(2024, 5, 16, 4, tzinfo=UTC)  # midnight after it in New York
FIRST_LOAD_AFTER = datetime(2024, 5, 16, 5, tzinfo=UTC)
NEW_YORK = "America/New_York"


def text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def utc(day: str, clock: str = "12:00") -> datetime:
    return datetime.fromisoformat(f"{day}T{clock}:00Z")


def next_load(at: datetime) -> str:
    """Loads run every night at 05:00."""
    load = at.replace(hour=5, minute=0, second=0, microsecond=0)
    return text(load if at < load else load + timedelta(days=1))


class Story:
    """A shop and a till over half a year; every change of a row is a version that was loaded in the next night."""

    def __init__(self) -> None:
        self.shop = Shop(url="story", loaded_at="2024-01-02T05:00:00Z")
        self.sales: list[dict] = []
        self.lines: list[dict] = []

    def order(self, at: datetime, *changes: tuple[datetime, dict], overwritten: bool = False, **columns) -> int:
        """An order with its later versions; `overwritten`: only the last of them was ever loaded."""
        steps = [(at, {})]
        for when, change in sorted(changes, key=lambda step: step[0]):
            steps.append((when, steps[-1][1] | change))
        known = {}
        for when, change in steps[-1:] if overwritten else steps:
            self.shop.loaded_at = next_load(when)
            row = {"updated_at": text(when)} | columns | change | known
            known = {"id": self.shop.order(line(1, 20), line(2, 5, 2), at=text(at), **row)}
        return known["id"]

    def happens(self, at: datetime, what: Callable, order: int, *arguments, **columns) -> int:
        """A refund, a payment step or a shipment of an order."""
        self.shop.loaded_at = next_load(at)
        return what(order, *arguments, at=text(at), **columns)

    def refund(self, order: int, at: datetime, *pieces: dict) -> None:
        self.happens(at, self.shop.refund, order, *pieces, paid=sum(piece["subtotal"] for piece in pieces))

    def delete(self, order: int, at: datetime) -> None:
        self.shop.loaded_at = next_load(at)
        self.shop.tombstone(order, text(at))

    def sell(self, number: str, at: str, amount: float, loaded_at: str | None = None, **columns) -> None:
        """A receipt; `at` is what the clock in the store showed."""
        loaded_at = loaded_at or next_load(datetime.fromisoformat(f"{at}:00Z") + timedelta(hours=4))
        head, one_line = sale(number, at, amount, **({"store_timezone": NEW_YORK} | columns))
        self.sales.append(head | {"_loaded_at": loaded_at})
        self.lines.append(one_line | {"_loaded_at": loaded_at})


STORY = Story()
STORY.shop.settings(NEW_YORK)
for product in (1, 2):
    STORY.shop.product(7000 + product, f"Product {product}")
    STORY.shop.product(7000 + product, f"Product {product}, renamed", updated_at="2024-06-01T00:00:00Z")
    STORY.shop.variant(8000 + product, 7000 + product)
STORY.shop.product(7003, "Product of June", at="2024-06-01T00:00:00Z")
STORY.shop.variant(8003, 7003, at="2024-06-01T00:00:00Z")

# What is known as of the day: invalid_reason, or none; the comment says what was known later.

BEFORE, LATER = utc("2024-05-14"), utc("2024-05-20")
CANCELLATION = {"cancelled_at": text(LATER)}
EVENING = STORY.order(utc("2024-05-16", "03:30"))
MIDNIGHT = STORY.order(utc("2024-05-16", "04:00"))
CANCELLED_LATER = STORY.order(utc("2024-05-10"), (LATER, CANCELLATION))
CANCELLED_OVERWRITTEN = STORY.order(utc("2024-05-10"), (LATER, CANCELLATION), overwritten=True)
CANCELLED_AT_MIDNIGHT = STORY.order(utc("2024-05-10"), (CUT, {"cancelled_at": text(CUT)}), overwritten=True)
CANCELLED_BEFORE = STORY.order(utc("2024-05-10"), (BEFORE, {"cancelled_at": text(BEFORE)}))
STORY.happens(LATER, STORY.shop.fulfillment, CANCELLED_BEFORE)
VOIDED_LATER = STORY.order(utc("2024-05-10"), (LATER, {"financial_status": "voided"}), overwritten=True)
STORY.happens(LATER, STORY.shop.transaction, VOIDED_LATER, "void", 30)
VOIDED_BEFORE = STORY.order(utc("2024-05-10"), (BEFORE, {"financial_status": "voided"}), overwritten=True)
STORY.happens(BEFORE, STORY.shop.transaction, VOIDED_BEFORE, "void", 30)
REFUNDED_LATER = STORY.order(utc("2024-05-10"))
STORY.refund(REFUNDED_LATER, LATER, goods(1, 20), goods(2, 10, 2))
REFUNDED_IN_PART = STORY.order(utc("2024-05-10"))
STORY.refund(REFUNDED_IN_PART, BEFORE, goods(1, 20))
STORY.refund(REFUNDED_IN_PART, LATER, goods(2, 10, 2))
EDITED_LATER = STORY.order(utc("2024-05-10"), (LATER, {"tags": "wholesale"}))
EDITED_BEFORE = STORY.order(utc("2024-05-10"), (BEFORE, {"tags": "wholesale"}), (LATER, {"tags": ""}))
DELETED_LATER = STORY.order(utc("2024-05-10"))
STORY.delete(DELETED_LATER, LATER)
DELETED_BEFORE = STORY.order(utc("2024-05-10"))
STORY.delete(DELETED_BEFORE, BEFORE)
KNOWN = {
    EVENING: (None, 30),
    CANCELLED_LATER: (None, 30),
    CANCELLED_OVERWRITTEN: (None, 30),
    CANCELLED_AT_MIDNIGHT: (None, 30),
    CANCELLED_BEFORE: ("cancelled", 30),
    VOIDED_LATER: (None, 30),
    VOIDED_BEFORE: ("voided", 30),
    REFUNDED_LATER: (None, 30),
    REFUNDED_IN_PART: (None, 10),
    EDITED_LATER: (None, 30),
    EDITED_BEFORE: ("wholesale", 30),
    DELETED_LATER: (None, 30),
}

STORY.sell("evening", "2024-05-15 23:45", 10)
STORY.sell("midnight", "2024-05-16 00:00", 10)
STORY.sell("returned later", "2024-05-10 10:00", 10, sku="P2")
STORY.sell("return", "2024-05-20 10:00", -10, original_sale_id="returned later")
STORY.sell("new article", "2024-05-20 10:00", 10, sku="NEW")
STORY.sell("offline", "2024-05-01 10:00", 10, loaded_at="2024-06-20T05:00:00Z", store_timezone=None)
# In June a store opens in another zone, whose dollars are soon most of the orders.
for number in range(400):
    opened = date(2024, 6, 1) + timedelta(days=number % 40)
    STORY.sell(
        f"LA-{number}", f"{opened} 10:00", 5, store_id="LA", store_timezone="America/Los_Angeles", currency="USD"
    )


def make_up(story: Story, seed: int) -> None:
    """Half a year of whatever may happen to orders, in any order."""
    chance = random.Random(seed)

    def after(moment: datetime, days: float) -> datetime:
        return moment + timedelta(minutes=int(chance.uniform(1, days * 24 * 60)))

    accounts = []
    for number in range(30):
        created = after(utc("2024-01-02"), 180)
        story.shop.loaded_at = next_load(created)
        account = story.shop.customer(f"a{number}@example.com", at=text(created))
        accounts.append((created, account))
        if number % 3 == 0:
            moved = after(created, 90)
            story.shop.loaded_at = next_load(moved)
            story.shop.customer(f"b{number}@example.com", at=text(created), updated_at=text(moved), id=account)
    for number in range(160):
        placed = after(utc("2024-01-02"), 195)
        known = [account for created, account in accounts if created < placed]
        who = {"email": f"guest{number % 12}@example.com"} if number % 4 == 0 or not known else {}
        who = who or {"customer": chance.choice(known)}
        changes, overwritten, fate = [], chance.random() < 0.3, chance.random()
        if fate < 0.2:
            when = after(placed, 40)
            changes.append((when, {"cancelled_at": text(when)}))
        elif fate < 0.3:
            when = after(placed, 40)
            changes.append((when, {"financial_status": "voided"}))
        elif fate < 0.5 and not overwritten:
            changes.append((after(placed, 60), {"tags": chance.choice(["wholesale", "subscription", "test"])}))
            changes.append((after(placed, 60), {"email": f"guest{number % 5}@example.com"}))
        order = story.order(placed, *changes, overwritten=overwritten, **who)
        if 0.2 <= fate < 0.3:
            story.happens(changes[0][0], story.shop.transaction, order, "void", 30)
        if chance.random() < 0.7:
            shipped = after(placed, 10)
            parcel = story.happens(shipped, story.shop.fulfillment, order)
            if chance.random() < 0.2:
                story.happens(
                    shipped,
                    story.shop.fulfillment,
                    order,
                    id=parcel,
                    status="cancelled",
                    updated_at=text(after(shipped, 20)),
                )
        for piece in (goods(1, 20), goods(2, 5)):
            if chance.random() < 0.2:
                story.refund(order, after(placed, 90), piece)
        if chance.random() < 0.05:
            story.delete(order, after(placed, 60))
    for number in range(80):
        sold = f"{after(utc('2024-01-02'), 180):%Y-%m-%d %H:%M}"
        story.sell(f"R{number}", sold, 8 + number % 9, customer=f"card {number % 20}", sku=f"P{number % 5}")


make_up(STORY, seed=7)


# The cutter.


def is_before(moment: str | None) -> bool:
    return moment is None or datetime.fromisoformat(moment) < CUT


def versions_by_then(rows: list[dict]) -> list[dict]:
    """The versions updated by then, for there may be several; where all are later, the oldest."""
    by_key: dict[int, list[dict]] = {}
    for row in rows:
        by_key.setdefault(row["id"], []).append(row)
    return [
        row
        for versions in by_key.values()
        for row in [each for each in versions if is_before(each["updated_at"])]
        or [min(versions, key=lambda each: each["updated_at"])]
    ]


def cut_shop(tables: dict[str, list[dict]]) -> dict[str, list[dict]]:
    voided_later = {
        row["order_id"] for row in tables["transactions"] if row["kind"] == "void" and not is_before(row["created_at"])
    }
    sold_then = {row["id"] for row in tables["products"] if is_before(row["created_at"])}
    tombstones = [row for row in tables["orders"] if row["deleted_at"] and is_before(row["deleted_at"])]
    orders = []
    for row in versions_by_then([row for row in tables["orders"] if not row["deleted_at"]]):
        if is_before(row["processed_at"]):
            known = dict(row)
            if not is_before(row["cancelled_at"]):
                known["cancelled_at"] = None
            if row["financial_status"] == "voided" and row["id"] in voided_later:
                known["financial_status"] = "authorized"
            orders.append(known)
    return {
        "shop": tables["shop"],
        "orders": orders + tombstones,
        **{
            name: [row for row in tables[name] if is_before(row["created_at"])]
            for name in ("order_refunds", "transactions")
        },
        **{
            name: versions_by_then([row for row in tables[name] if is_before(row["created_at"])])
            for name in ("customers", "fulfillments", "products")
        },
        "product_variants": [row for row in tables["product_variants"] if row["product_id"] in sold_then],
    }


def cut_till(sales: list[dict], lines: list[dict]) -> tuple[list[dict], list[dict]]:
    kept = [row for row in sales if row["sold_at"] < f"{AS_OF + timedelta(days=1)}"]
    numbers = {row["sale_id"] for row in kept}
    return kept, [row for row in lines if row["sale_id"] in numbers]


def landed(rows: list[dict], column: str) -> list[dict]:
    """Nothing of that was loaded later than in the night after."""
    return [row | {column: min(row[column], text(FIRST_LOAD_AFTER))} for row in rows]


def write(folder, tables: dict[str, list[dict]], sales: list[dict], lines: list[dict]) -> Raw:
    raw = write_rows(Raw(folder / "raw"), tables)
    return write_rows(raw, {"sales": sales, "sale_lines": lines}, system="pos")


@pytest.fixture(scope="module")
def everything(tmp_path_factory) -> Raw:
    return write(tmp_path_factory.mktemp("everything"), STORY.shop.rows, STORY.sales, STORY.lines)


@pytest.fixture(scope="module")
def rewound(everything, tmp_path_factory) -> Warehouse:
    return build(everything, tmp_path_factory.mktemp("rewound"), variables={"as_of": f"{AS_OF}"})


@pytest.fixture(scope="module")
def cut(tmp_path_factory) -> Warehouse:
    """Built without as_of: the default must find the day."""
    folder = tmp_path_factory.mktemp("cut")
    tables = {name: landed(rows, "_airbyte_extracted_at") for name, rows in cut_shop(STORY.shop.rows).items()}
    sales, lines = (landed(rows, "_loaded_at") for rows in cut_till(STORY.sales, STORY.lines))
    return build(write(folder, tables, sales, lines), folder)


@pytest.fixture(scope="module")
def loaded(everything, tmp_path_factory) -> Warehouse:
    folder = tmp_path_factory.mktemp("loaded")
    return build(everything, folder, variables={"loaded_until": f"{FIRST_LOAD_AFTER:%Y-%m-%d}"})


def test_as_of_is_raw_data_cut_at_that_day(rewound, cut):
    assert differences(rewound, cut, rewound.tables("marts")) == {}


@pytest.mark.parametrize("number", KNOWN)
def test_what_happened_later_is_not_known(rewound, number):
    assert rewound.sql(f"select invalid_reason, net_revenue from marts.orders where source_order_id = '{number}'") == [
        KNOWN[number]
    ]


def test_orders_that_are_not_there_yet_or_any_more(rewound):
    gone = f"'{MIDNIGHT}', '{DELETED_BEFORE}', 'midnight', 'new article', 'LA-0'"
    assert rewound.one(f"select count(*) from marts.orders where source_order_id in ({gone})") == 0
    assert rewound.one("select count(*) from marts.orders where source_order_id = 'offline'") == 1
    assert rewound.one("select count(*) from marts.products where sku in ('NEW', 'SKU-8003')") == 0
    assert rewound.one("select net_revenue from marts.orders where source_order_id = 'returned later'") == 10


@pytest.mark.parametrize("warehouse", ["rewound", "cut", "loaded"])
def test_day_zone_and_currency_are_those_of_the_day(request, warehouse):
    """Later there are two zones, hence UTC, and mostly dollars."""
    assert request.getfixturevalue(warehouse).sql(
        "select as_of, as_of_basis = 'var as_of', reporting_timezone, reporting_currency, cut_at"
        " from staging.point_in_time"
    ) == [(AS_OF, warehouse == "rewound", NEW_YORK, "EUR", CUT.replace(tzinfo=None))]


def test_an_evening_belongs_to_its_day_in_the_zone(rewound):
    evenings = f"source_order_id in ('evening', '{EVENING}')"
    assert rewound.sql(f"select ordered_at, ordered_on from marts.orders where {evenings} order by all") == [
        (datetime(2024, 5, 16, 3, 30), AS_OF),
        (datetime(2024, 5, 16, 3, 45), AS_OF),
    ]


def test_loaded_until_shows_only_what_was_loaded_by_then(loaded):
    until = f"{FIRST_LOAD_AFTER:%Y-%m-%d}T23:59:59Z"
    tables = {f"shopify.{name}": rows for name, rows in STORY.shop.rows.items()}
    tables |= {"pos.sales": STORY.sales, "pos.sale_lines": STORY.lines}
    by_then = {
        name: [row for row in rows if (row.get("_loaded_at") or row["_airbyte_extracted_at"]) <= until]
        for name, rows in tables.items()
    }
    counts = dict(
        loaded.sql("select system || '.' || table_name, raw_rows from quality.row_accounting where raw_rows > 0")
    )
    assert counts == {name: len(rows) for name, rows in by_then.items()}
    deleted = {row["id"] for row in by_then["shopify.orders"] if row["deleted_at"] and is_before(row["deleted_at"])}
    expected = {
        str(row["id"])
        for row in by_then["shopify.orders"]
        if not row["deleted_at"] and row["id"] not in deleted and is_before(row["processed_at"])
    }
    assert {
        number for (number,) in loaded.sql("select source_order_id from marts.orders where source_name = 'shopify'")
    } == expected
    assert loaded.one("select count(*) from marts.orders where source_order_id = 'offline'") == 0


def test_the_sample_as_of_a_day(sample_raw, tmp_path):
    """Receipts without load times: cut at a day, that day is the newest order's, and so the default."""
    raw = Raw(tmp_path / "raw")
    for name in ("pos.sales", "pos.sale_lines"):
        raw.copy(
            name,
            f"from {sample_raw.table(name)} semi join"
            f" (from {sample_raw.table('pos.sales')} where sold_at < '2011-10-01') using (sale_id)",
        )
    early = build(raw, tmp_path / "early")
    rewound = build(sample_raw, tmp_path / "rewound", variables={"as_of": "2011-09-30"})
    basis = "select as_of, as_of_basis from staging.point_in_time"
    assert early.sql(basis) == [(date(2011, 9, 30), "day of the newest order")]
    assert rewound.sql(basis) == [(date(2011, 9, 30), "var as_of")]
    assert differences(early, rewound, early.tables("marts")) == {}
