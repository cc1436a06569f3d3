"""Input that is wrong: every raw row is used, counted as a repeat, or refused with its reason; a start that cannot
work ends with one sentence. Nothing crashes, disappears or spoils the rows beside it.

Bad rows stand between good ones in one warehouse; each case names the reason that its row must get.
"""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal

import pytest
from conftest import ROOT, Raw, Warehouse, build, run_dbt, sale, write_sales
from shopify import Shop, adjustment, goods, line, write_rows, write_shops

LOADED = "2024-07-01T04:00:00Z"
SHOP = Shop(url="bad", loaded_at=LOADED)
SALES: list[tuple[dict, dict | None]] = []  # a receipt and its line
LINES: list[dict] = []  # lines by themselves
REFUSED: dict[str, tuple[str, str, str]] = {}  # case: table, a text that its row holds, reason
TEXT = "Żółć 漢字 🙂 'quoted' \"twice\"; --\n" + 10_000 * "x"


def bad_sale(case: str, reason: str, sold_at: str = "2024-03-01 10:00", **columns) -> None:
    REFUSED[case] = ("sales", case, reason)
    SALES.append(sale(case, sold_at, 10, register_id=case, **columns))


def bad_line(case: str, reason: str, **columns) -> None:
    """A receipt with a good line of 10.00 and this one."""
    head, good = sale(case, "2024-03-01 10:00", 10, customer=case)
    REFUSED[case] = ("sale_lines", case, reason)
    SALES.append((head, good))
    LINES.append(good | {"line_no": "2", "sku": case} | columns)


def bad_order(case: str, reason: str, *lines: dict, **columns) -> int:
    REFUSED[case] = ("orders", case, reason)
    return SHOP.order(*(lines or [line(1, 10)]), email=f"{case}@example.com", note=case, **columns)


def bad_refund(case: str, reason: str, order: int, *pieces: dict, **columns) -> None:
    REFUSED[case] = ("order_refunds", case, reason)
    SHOP.refund(order, *pieces, note=case, **({"paid": 5} | columns))


# Receipts.

bad_sale("unreadable date", "sold_at is not a time", "31/12/2023 10:00")
bad_sale("impossible date", "sold_at is not a time", "2024-02-30 10:00")
bad_sale("no date", "sold_at is not a time", None)
bad_sale("far future", "sold_at lies in the future", "2999-12-31 10:00")
bad_sale("end of time", "sold_at lies in the future", "9999-12-31 23:59:59")
bad_sale("before 1970", "sold_at lies before the earliest plausible year", "1900-01-01 00:00")
bad_sale("unknown zone", "store_timezone is not an IANA zone", store_timezone="London")
bad_sale("no key", "sale_id is missing", sale_id=None)
bad_sale("store with a colon", "store_id has a colon", store_id="a:b")
bad_sale("empty epoch", "sold_at lies before the earliest plausible year", "1970-01-01 00:00")
bad_sale("blank key", "sale_id is missing", sale_id="  ")
bad_line("unreadable quantity", "quantity is not a number", quantity="two")
bad_line("no quantity", "quantity is not a number", quantity=None)
bad_line("unreadable price", "unit_price is not a number", unit_price="12,50 EUR")
bad_line("negative price", "unit_price is negative", unit_price="-1")
bad_line("unreadable discount", "discount is not a number", discount="10%")
bad_line("negative discount", "discount is negative on a sale", discount="-2")
bad_line("negative quantity", "negative quantity on a sale", quantity="-1")
bad_line("barcode as price", "a line is worth more than anything", quantity="4006381333931", unit_price="40063813")
bad_line("line without receipt", "its sale is missing or refused", sale_id="no such receipt")
bad_line("line without key", "sale_id is missing", sale_id=None)

SALES += [
    (sale("no lines", "2024-03-01 10:00", 10, customer="no lines")[0], None),
    sale("only bad lines", "2024-03-01 10:00", 10, customer="only bad lines", unit_price="?"),
    sale("barcode as quantity", "2024-03-01 10:00", 2, customer="rich", quantity="40063813339"),
    sale("ten million", "2024-03-02 10:00", 10_000_000, customer="rich"),
    # Delivered so often that its rows, but not its orders, are most.
    *[sale("zloty", "2024-03-03 10:00", 50, customer="rich", currency="PLN")] * 200,
    sale("loaded at the end of time", "2024-03-06 10:00", 5, _loaded_at="9999-12-31 23:59:59"),
    sale("berlin", "2024-03-06 00:30", 5, store_timezone="Europe/Berlin"),
    sale("tokyo", "2024-03-06 08:59", 5, store_timezone=" Asia/Tokyo"),
    sale("lower case", "2024-03-03 10:00", 50, customer="lower", currency="eur"),
    sale("text", "2024-03-03 10:00", 50, customer=TEXT, sku=TEXT),
    sale("zeros", "2024-03-04 10:00", 5, customer="000000"),
    sale("dashes", "2024-03-04 10:00", 5, customer="---"),
    sale("hash of nothing", "2024-03-04 10:00", 5, customer="D41D8CD98F00B204E9800998ECF8427E"),
    sale("line end", "2024-03-04 10:00", 5, customer="rich\r"),
    sale("sold in euros", "2024-03-08 10:00", 1000, customer="currencies"),
    sale(
        "returned in yen",
        "2024-03-09 10:00",
        -160,
        customer="currencies",
        currency="JPY",
        original_sale_id="sold in euros",
    ),
    sale("bought", "2024-03-08 10:00", 30, customer="zero line"),
    sale("brought back", "2024-03-09 10:00", -30, customer="zero line", original_sale_id="bought"),
    sale("colon", "2024-03-08 10:00", 10, customer="colon", line_no="2:3"),
    sale("colon:2", "2024-03-08 10:00", 20, customer="colon", line_no="3"),
    sale("text twice", "2024-03-04 10:00", 50, customer=TEXT),
    sale("return of nothing", "2024-03-08 10:00", -7, customer="returner"),
    sale("return of the unknown", "2024-03-08 10:00", -7, customer="returner", original_sale_id="no such receipt"),
    sale("small", "2024-03-08 10:00", 5, customer="overpaid"),
    sale("return of more", "2024-03-09 10:00", -8, customer="overpaid", original_sale_id="small"),
]
# One receipt delivered twice with other content; without a load time, so that only the content is left to choose by.
for hour, amount in (("11:00", 12), ("10:00", 10)):
    for case, loaded_at in (("newer wins", f"2024-03-06T{hour}:00Z"), ("no load time", None)):
        head, one_line = sale(case, f"2024-03-05 {hour}", amount, customer=hour)
        SALES.append((head | {"_loaded_at": loaded_at}, one_line | {"_loaded_at": loaded_at}))
# Two articles that differ only in the column their name is in; neither line has a number.
SALES.append((sale("unnumbered", "2024-03-01 10:00", 10, customer="unnumbered")[0], None))
LINES += [
    {"sale_id": "unnumbered", "store_id": "S1", column: "A", "quantity": "1", "unit_price": "3"}
    for column in ("sku", "description")
]

LINES.append({"sale_id": "brought back", "store_id": "S1", "line_no": "2", "quantity": "0", "unit_price": "0"})

# Orders.

bad_order("order-no-key", "id is missing or not a number", id=None)
bad_order("order-no-date", "created_at is not a time", at=None)
bad_order("order-unreadable-date", "processed_at is not a time", processed_at="yesterday", created_at="2024-03-01")
bad_order("order-far-future", "the order time lies in the future", at="2199-01-01T00:00:00Z")
bad_order("order-before-1970", "the order time lies before the earliest plausible year", at="1969-12-31T23:00:00Z")
bad_order("order-unreadable-cancellation", "cancelled_at is not a time", cancelled_at="soon")
bad_order("order-unreadable-deletion", "deleted_at is not a time", deleted_at="soon")
bad_order("order-broken-json", "line_items is not a list of objects", line_items='[{"id": 1, "price": ')
bad_order("order-object", "line_items is not a list of objects", line_items=json.dumps(line(1, 10)))
bad_order("order-broken-customer", "customer is not an object", customer='{"id": 1')
bad_order("order-list-of-texts", "a line has no id", line_items='["a", "b"]')
bad_order("order-list-of-null", "a line has no id", line_items="[null]")
bad_order("order-line-without-key", "a line has no id", line(1, 10, id=None))
bad_order("order-unreadable-price", "the price of a line is not a number", line(1, 10) | {"price": "12,50"})
bad_order("order-no-price", "the price of a line is not a number", line(1, 10) | {"price": None})
bad_order("order-unreadable-quantity", "the quantity of a line is not a number", line(1, 10, quantity="two"))
bad_order("order-missing-quantity", "the quantity of a line is not a number", {"id": 1, "price": 10.0})
bad_order("order-negative", "a line has a negative quantity or price", line(1, 10, quantity=-1))
bad_order(
    "order-unreadable-discount",
    "a discount of a line is not a positive number",
    line(1, 10, discount_allocations=[{"amount": "5,00"}]),
)
bad_order("order-negative-discount", "a discount of a line is not a positive number", line(1, 10, discounts=[-5]))
bad_order("order-unreadable-tax", "a tax of a line is not a number", line(1, 10) | {"tax_lines": [{"price": "20,00"}]})
bad_order("order-discount-barcode", "a line is worth more than anything", line(1, 10, discounts=[9e13, 9e13]))
bad_order("order-one-id-twice", "two lines have one id", line(1, 10), line(1, 20))
bad_order("order-barcode", "a line is worth more than anything", line(1, 40063813, quantity=4006381333931))

WITHOUT_LINES = {text: SHOP.order(line_items=text) for text in ("null", "[]", "", None)}
FEW_KEYS = SHOP.order({"id": 1, "price": "12.50", "quantity": "2"}, customer="{}", total_shipping_price_set="{}")
LONG = SHOP.order(line(1, 10, title=TEXT, sku=TEXT), email="long@example.com", tags=f"{TEXT}, VIP")
NUL = SHOP.order(line_items=json.dumps([line(1, 10, title="a\x00b")]))
OVER = SHOP.order(line(1, 10))
SHOP.refund(OVER, goods(1, 10), adjustment(-5), paid=15)
KEPT = SHOP.order(line(1, 10))
NULLS = SHOP.refund(KEPT, goods(1, 3), paid=3, order_adjustments="null")
ORPHAN = SHOP.refund(999_999, goods(1, 10), paid=10)
bad_refund("refund-no-key", "id is missing or not a number", KEPT, goods(1, 5), id=None)
bad_refund("refund-no-order", "order_id is missing or not a number", None, goods(1, 5))
bad_refund("refund-no-date", "created_at is not a time", KEPT, goods(1, 5), at=None)
bad_refund("refund-broken-json", "refund_line_items is not a list of objects", KEPT, refund_line_items="[{")
bad_refund("refund-broken-adjustments", "order_adjustments is not a list of objects", KEPT, order_adjustments="{}")
bad_refund("refund-broken-transactions", "transactions is not a list of objects", KEPT, transactions="refunded")
bad_refund("refund-line-without-key", "a line has no id", KEPT, goods(1, 5) | {"id": None})
bad_refund("refund-one-id-twice", "two lines have one id", KEPT, goods(1, 5), goods(1, 5))
bad_refund("refund-barcode", "an amount is worth more than anything", KEPT, goods(1, 4006381333931))
bad_refund("refund-unreadable-amount", "an amount is not a number", KEPT, goods(1, 5) | {"subtotal": "5,00"})


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory) -> Warehouse:
    folder = tmp_path_factory.mktemp("poisoned")
    raw = Raw(folder / "raw")
    lines = [one_line for _, one_line in SALES if one_line]
    write_rows(raw, {"sales": [head for head, _ in SALES], "sale_lines": lines + LINES}, system="pos")
    return build(write_shops(raw, SHOP, as_text=True), folder)


def receipt(warehouse: Warehouse, number: str) -> dict:
    (found,) = warehouse.rows(f"from marts.orders where order_id = 'pos:S1:{number}'")
    return found


def order(warehouse: Warehouse, number: int) -> dict:
    (found,) = warehouse.rows(f"from marts.orders where order_id = 'shopify:bad:{number}'")
    return found


@pytest.mark.parametrize(("table", "mark", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused_with_its_reason(poisoned, table, mark, reason):
    assert poisoned.sql(
        f"select reason from quality.quarantined_rows where table_name = '{table}' and raw_row like '%\"{mark}\"%'"
    ) == [(reason,)]


def test_nothing_else_is_refused(poisoned):
    """Beside the cases: the lines of the refused receipts."""
    expected = dict.fromkeys(("sales", "sale_lines", "orders", "order_refunds"), 0)
    for table, _, _ in REFUSED.values():
        expected[table] += 1
    expected["sale_lines"] += expected["sales"] + 1
    found = poisoned.sql("select table_name, quarantined_rows from quality.row_accounting where quarantined_rows > 0")
    assert dict(found) == expected
    assert (
        dict(poisoned.sql("select table_name, sum(row_count) from quality.quarantined_rows group by all")) == expected
    )


def test_every_row_is_accounted_for(poisoned):
    raw_rows = {
        "pos.sales": len(SALES),
        "pos.sale_lines": len([one_line for _, one_line in SALES if one_line]) + len(LINES),
        "shopify.orders": len(SHOP.rows["orders"]),
        "shopify.order_refunds": len(SHOP.rows["order_refunds"]),
    }
    accounts = poisoned.rows("from quality.row_accounting where raw_rows > 0")
    assert {f"{each['system']}.{each['table_name']}": each["raw_rows"] for each in accounts} == raw_rows
    for each in accounts:
        parts = ("staged_rows", "duplicate_rows", "tombstone_rows", "quarantined_rows")
        assert each["raw_rows"] == sum(each[part] for part in parts)


def test_good_lines_beside_bad_ones_count(poisoned):
    receipts = [mark for table, mark, _ in REFUSED.values() if table == "sale_lines"]
    for number in receipts:
        found = receipt(poisoned, number)
        assert (found["is_valid"], found["net_revenue"], found["order_sequence"]) == (True, 10, 1), number


def test_orders_without_lines(poisoned):
    for number in ("no lines", "only bad lines"):
        assert receipt(poisoned, number)["invalid_reason"] == "no_lines"
    for text, number in WITHOUT_LINES.items():
        assert order(poisoned, number)["invalid_reason"] == "no_lines", text


def test_large_amounts(poisoned):
    """A barcode in the quantity is no reason to stop, and a squared revenue must not be either."""
    assert receipt(poisoned, "barcode as quantity")["net_revenue"] == 2 * 40_063_813_339
    assert receipt(poisoned, "ten million")["net_revenue_reporting"] == 10_000_000


def test_a_currency_that_changes(poisoned):
    found = receipt(poisoned, "zloty")
    assert (found["is_valid"], found["currency_code"], found["net_revenue_reporting"]) == (True, "PLN", None)
    assert receipt(poisoned, "lower case")["net_revenue_reporting"] == 50


def test_long_and_foreign_text(poisoned):
    assert receipt(poisoned, "text twice")["order_sequence"] == 2
    assert poisoned.one("select sku from marts.order_lines where order_id = 'pos:S1:text'") == TEXT
    assert poisoned.sql(f"select sku, product_title from marts.order_lines where order_id like '%:{LONG}'") == [
        (TEXT, TEXT)
    ]
    assert order(poisoned, NUL)["net_revenue"] == 10


def test_duplicated_keys_with_different_content(poisoned):
    for number, expected in (("newer wins", 12), ("no load time", 10)):
        assert receipt(poisoned, number)["net_revenue"] == expected
        assert receipt(poisoned, number)["ordered_at"].hour == expected - 1 + (expected == 10)


def test_lines_without_numbers_are_known_by_their_content(poisoned):
    assert receipt(poisoned, "unnumbered")["net_revenue"] == 6


def test_few_keys_are_enough(poisoned):
    found = order(poisoned, FEW_KEYS)
    assert (found["net_revenue"], found["shipping_amount"], found["customer_id"]) == (25, None, None)


def test_refunds_without_their_order(poisoned):
    assert poisoned.sql(
        "select match_state, sum(net_revenue) from marts.refunds where order_id is null group by all order by all"
    ) == [("no_original", 7), ("order_missing", 17), ("other_currency", 160)]


def test_refunds_larger_than_their_order(poisoned):
    for found, net, order_id in (
        (order(poisoned, OVER), -5, f"shopify:bad:{OVER}"),
        (receipt(poisoned, "small"), -3, "pos:S1:small"),
    ):
        assert (found["net_revenue"], found["invalid_reason"]) == (net, "fully_refunded")
        assert poisoned.one(f"select bool_and(is_more_than_its_order) from marts.refunds where order_id = '{order_id}'")


def test_a_return_in_another_currency_reduces_nothing(poisoned):
    assert receipt(poisoned, "sold in euros")["net_revenue"] == 1000
    assert poisoned.sql("select match_state, currency_code from marts.refunds where net_revenue = 160") == [
        ("other_currency", "JPY")
    ]


def test_a_return_with_a_line_of_nothing_is_a_return(poisoned):
    assert receipt(poisoned, "bought")["net_revenue"] == 0
    assert poisoned.one("select count(*) from marts.orders where source_order_id = 'brought back'") == 0


def test_placeholders_are_nobody_and_line_ends_are_nothing(poisoned):
    nobody = [receipt(poisoned, number)["customer_id"] for number in ("zeros", "dashes", "hash of nothing")]
    assert nobody == [None, None, None]
    assert receipt(poisoned, "line end")["customer_id"] == receipt(poisoned, "ten million")["customer_id"]


def test_ids_with_colons_do_not_meet(poisoned):
    assert poisoned.sql(
        "select order_line_id from marts.order_lines where order_id like 'pos:S1:colon%' order by all"
    ) == [("pos:S1:colon:2%3A3",), ("pos:S1:colon:2:3",)]


def test_json_null_is_nothing(poisoned):
    """The refused refunds of the same order are not taken off it."""
    assert order(poisoned, KEPT)["net_revenue"] == 7


def test_two_zones_are_reported_in_utc(poisoned):
    assert [receipt(poisoned, number)["ordered_on"] for number in ("berlin", "tokyo")] == [date(2024, 3, 5)] * 2


def test_bad_dates_and_repeats_do_not_move_the_point_in_time(poisoned):
    assert poisoned.sql("select as_of, reporting_timezone, reporting_currency from staging.point_in_time") == [
        (date(2024, 6, 30), "UTC", "EUR")
    ]


# Columns that landed in another type than declared.


@pytest.fixture(scope="module")
def wrong_types(tmp_path_factory) -> Warehouse:
    """No receipt can be read; the shop's rows all can, though nothing is as Airbyte lands it."""
    folder = tmp_path_factory.mktemp("wrong_types")
    raw = Raw(folder / "raw")
    raw.copy("pos.sales", "select 'R1' as sale_id, 20240301 as sold_at union all select 'R2', 1709287200")
    raw.copy("pos.sale_lines", "select 'R1' as sale_id, date '2024-03-01' as quantity, {'amount': 5} as unit_price")
    raw.copy(
        "shopify.orders",
        """
        select
            5000000077828::double as id, 'demo' as shop_url, timestamp '2024-03-01 10:00' as created_at,
            null::integer as processed_at, {'id': 7, 'email': 'ann@example.com'} as customer, 1 as taxes_included,
            0 as test, 'EUR' as currency,
            [{'id': 1, 'price': 12.5, 'quantity': 2, 'gift_card': false, 'tax_lines': [{'price': 4.17}]}] as line_items,
            '4.17' as total_tax, ['a', 'b'] as tags, timestamp_ns '2024-03-02 04:00' as _airbyte_extracted_at
        """,
    )
    raw.copy(
        "shopify.order_refunds",
        """
        select
            1.0 as id, 'demo' as shop_url, 5000000077828::double as order_id,
            timestamp '2024-03-01 12:00' as created_at,
            [{'id': 5, 'line_item_id': 1, 'quantity': 1, 'subtotal': 12.5, 'total_tax': 2.09}] as refund_line_items,
            [{'kind': 'refund', 'status': 'success', 'amount': 12.5}] as transactions
        """,
    )
    raw.copy("shopify.customer", "select 7 as id")
    raw.copy("shopify.transactions", "select 1 as id, 1 as order_id, timestamp '2024-01-01' as created_at limit 0")
    return build(raw, folder)


def test_unreadable_columns_are_refused_row_by_row(wrong_types):
    assert wrong_types.sql("select table_name, reason, row_count from quality.quarantined_rows order by all") == [
        ("sale_lines", "quantity is not a number", 1),
        ("sales", "sold_at is not a time", 1),
        ("sales", "sold_at is not a time", 1),
    ]
    for column in ("pos.sales: column sold_at landed as", "pos.sale_lines: column quantity landed as date"):
        assert column in wrong_types.log


def test_tables_that_nobody_knows_are_said(wrong_types):
    assert "door: shopify.customer is no table that Perennial knows from airbyte, and is not read." in wrong_types.log


def test_readable_columns_of_other_types_are_read(wrong_types):
    (found,) = wrong_types.rows("from marts.orders")
    assert found["order_id"] == "shopify:demo:5000000077828"
    assert (found["is_valid"], found["gross_revenue"], found["tax_amount"]) == (True, Decimal("20.83"), Decimal("4.17"))
    assert (found["refunded_amount"], found["net_revenue"]) == (Decimal("10.41"), Decimal("10.42"))
    assert found["customer_id"] is not None


# One system alone, beside files that are none of its.


@pytest.fixture(scope="module")
def tills_alone(tmp_path_factory) -> Warehouse:
    """What a data frame with missing ids writes, in two parts: ids as doubles, NaN for none, nanoseconds."""
    folder = tmp_path_factory.mktemp("tills_alone")
    raw = Raw(folder / "raw")
    raw.copy(
        "pos.sales.part-1",
        """
        select
            sale_id, 'nan'::double as store_id, date '2024-03-01' + sale_id::int as sold_at, loyalty_id,
            timestamp_ns '2024-05-01 04:00' as _loaded_at
        from (values (1.0::double, 17850.0::double), (2.0, 17850.0), (3.0, 'nan')) as sales (sale_id, loyalty_id)
        """,
    )
    raw.copy("pos.sales.part-2", "select 4 as sale_id, '2024-03-09 10:00' as sold_at, 17850 as loyalty_id")
    raw.copy(
        "pos.sale_lines",
        "select sale_id, 1.0 as line_no, 2 as quantity, '12.50' as unit_price"
        " from (values ('1'), ('2'), ('3'), ('4')) as sale_lines (sale_id)",
    )
    (folder / "raw" / "shopify").mkdir()
    (folder / "raw" / "shopify" / "orders.parquet").write_text("<html>403 Forbidden</html>")
    return build(raw, folder, variables={"systems": ["pos"]})


def test_whole_ids_as_doubles(tills_alone):
    assert tills_alone.sql("select order_id, is_valid, net_revenue, order_sequence from marts.orders order by all") == [
        ("pos:-:1", True, 25, 1),
        ("pos:-:2", True, 25, 2),
        ("pos:-:3", True, 25, None),
        ("pos:-:4", True, 25, 3),
    ]


def test_optional_columns_that_did_not_land_are_said(tills_alone):
    assert "pos.sale_lines: optional column(s) not landed, read as null: store_id, sku, description" in tills_alone.log


def test_a_system_that_is_not_asked_for_is_not_read(tills_alone):
    assert tills_alone.sql("select distinct source_name from marts.orders") == [("pos",)]
    assert tills_alone.one("select sum(raw_rows) from quality.row_accounting where system = 'shopify'") == 0


# Nothing at all.


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Warehouse:
    """A list of receipts that has only its header, and a folder for a shop that has no table yet."""
    folder = tmp_path_factory.mktemp("empty")
    (folder / "till.csv").write_text("date,amount,customer\n")
    command = [sys.executable, "-m", "converters", "receipts", str(folder / "till.csv"), "--out", str(folder / "raw")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 sales with 0 lines" in done.stdout
    (folder / "raw" / "shopify").mkdir()
    return build(folder / "raw", folder)


def test_an_empty_shop_gives_empty_marts(empty):
    """But for what lists the tables, figures and fits that there could be."""
    filled = [table for table in empty.tables("marts", "quality") if empty.one(f"select count(*) from {table}")]
    assert filled == ["marts.clv_model_parameters", "marts.dashboard_scorecard", "quality.row_accounting"]
    assert empty.sql("select sum(raw_rows), sum(staged_rows) from quality.row_accounting") == [(0, 0)]


def test_an_empty_folder_is_an_absent_system(empty):
    assert re.search("door: shopify, .*: no raw tables below .*, treated as absent", empty.log)


# Starts that cannot work.


def starts(folder) -> list[dict[str, tuple[Raw, dict]]]:
    """Raw data and vars that must be refused; those with equal vars are together, for dbt parses anew for others."""
    some = write_sales(Raw(folder / "some"), [sale(1, "2024-03-01 10:00", 10)])
    missing = Raw(folder / "missing")
    missing.copy("pos.sales", "select '1' as sale_id, '2024-03-01' as date")
    missing.copy("shopify.orders", "select 1 as id, current_timestamp as created_at")
    missing.copy("shopify.customers", "select 1 as id")
    text = write_sales(Raw(folder / "text"), [sale(1, "2024-03-01 10:00", 10)])
    text.copy("pos.sale_lines.part-1", f"from {text.table('pos.sale_lines')}")
    (folder / "text" / "pos" / "sales.parquet").write_text("sale_id,sold_at\n")
    text.copy("pos.sales.2024.march.part-1", "select 1 as id")
    (folder / "nothing").mkdir()
    wrong = {
        "as_of": "2025-02-30",
        "loaded_until": "2025-02-28",
        "systems": ["pos", "shopfy"],
        "reporting_currency": "euro",
        "reporting_timezone": "London",
        "raw_from": "csv",
        "count_zero_value_orders": "no",
    }
    return [
        {"missing": (missing, {}), "not parquet": (text, {}), "nothing": (Raw(folder / "nothing"), {})},
        {"wrong vars": (some, wrong)},
    ]


@pytest.fixture(scope="module")
def refused(tmp_path_factory) -> dict[str, str]:
    """What dbt prints for each start, on one line, after a check that it stopped before any model."""
    folder = tmp_path_factory.mktemp("refused")

    def run(group: dict[str, tuple[Raw, dict]]) -> dict:
        own = folder / f"run of {min(group)}"
        own.mkdir()
        return {
            name: run_dbt("build", raw=raw.folder, folder=own, variables=variables)
            for name, (raw, variables) in group.items()
        }

    with ThreadPoolExecutor(2) as pool:
        results = {name: result for group in pool.map(run, starts(folder)) for name, result in group.items()}
    for name, result in results.items():
        assert result.returncode, name
        assert "Traceback" not in result.stdout + result.stderr, name
        assert "OK created" not in result.stdout, name
    return {name: " ".join((result.stdout + result.stderr).split()) for name, result in results.items()}


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        (
            "missing",
            r"pos\.sales has no column sold_at \(timestamp, Wall-clock time of the store; never with an offset\), "
            r"which is required: add it to \S+/missing/pos/sales.parquet\S*.*?, or take pos out of the var systems\.",
        ),
        (
            "missing",
            r"pos\.sale_lines is missing: Perennial needs it whenever .* Land it as \S+/pos/sale_lines\.parquet",
        ),
        ("missing", r"shopify\.orders has no column line_items \(json, .*?\), which is required"),
        ("missing", r"shopify\.order_refunds is missing: Perennial needs it whenever there is any shopify table\."),
        ("not parquet", r"\S+/text/pos/sales\.parquet is no Parquet file: write it as Parquet"),
        (
            "not parquet",
            r"pos\.sale_lines is there twice, as the file sale_lines\.parquet and as the folder sale_lines: keep",
        ),
        ("not parquet", r"\S+/pos/sales/2024/march/part-1\.parquet lies too deep to be read: put the files"),
        ("nothing", r"There is no raw table of pos, shopify, .* below \S+/nothing: run make sample"),
        (
            "wrong vars",
            r"The var systems names shopfy, which is not one of: .*\bpos, .*\bshopify\b.*\. Correct the name",
        ),
        ("wrong vars", r"The var as_of must be a day such as 2025-12-31, not 2025-02-30\."),
        (
            "wrong vars",
            r"The var as_of \(2025-02-30\) lies after loaded_until \(2025-02-28\), .*: choose an earlier as_of",
        ),
        ("wrong vars", r"The var reporting_timezone must be an IANA name such as Europe/London, not London\."),
        ("wrong vars", r"The var reporting_currency must be an ISO 4217 code such as EUR, not euro\."),
        ("wrong vars", r"The var raw_from must be files or schemas, not csv\."),
        ("wrong vars", r"The var count_zero_value_orders must be true or false, not no\."),
    ],
)
def test_a_start_that_cannot_work_is_refused_with_a_sentence(refused, start, sentence):
    assert re.search(sentence, refused[start]), refused[start]
