"""The same raw data gives the same warehouse: in whatever order and how often its rows were delivered, and whatever an
earlier run left behind. The raw data are the cases of test_shopify_orders, the bad input of test_bad_input and rows
that only their content tells apart.
"""

import json
import random
import shutil

import duckdb
import pytest
from conftest import Raw, Warehouse, build, differences
from shopify import Shop, adjustment, goods, line, money, write_rows
from test_bad_input import LINES, SALES, SHOP
from test_shopify_orders import DEMO, OTHER

# Versions of a row that neither a change nor a load time tells apart: each differs in one column that marts show.
TIES = Shop(url="ties", first_id=3_000_000)
for column, values in {
    "customer": ['{"id": 1}', '{"id": 2}'],
    "source_name": ["pos", "web"],
    "currency": ["EUR", "GBP"],
    "taxes_included": [True, False],
    "total_tax": [1.0, 2.0],
    "total_tip_received": [1.0, 2.0],
    "test": [True, False],
    "processed_at": ["2024-03-01T10:00:00Z", "2024-03-02T10:00:00Z"],
    "created_at": ["2024-03-01T10:00:00Z", "2024-03-02T10:00:00Z"],
    "cancelled_at": ["2024-03-05T10:00:00Z", None],
    "location_id": [1, 2],
    "shipping_address": ['{"country_code": "DE"}', '{"country_code": "FR"}'],
    "total_shipping_price_set": [json.dumps(money(1)), json.dumps(money(2))],
    "line_items": [json.dumps([line(1, 5)]), json.dumps([line(1, 6)])],
}.items():
    same = {"updated_at": "2024-03-06T10:00:00Z", "processed_at": None}
    for _ in range(4):  # for the order of rows may happen to be the right one
        number = TIES.order(line(1, 10, tax=1), **(same | {column: values[0]}))
        TIES.order(line(1, 10, tax=1), id=number, **(same | {column: values[1]}))
for pieces, paid in (([goods(1, 1), adjustment(-1)], 2), ([goods(1, 1), adjustment(-2)], 3), ([goods(1, 1)], None)):
    TIES.refund(number, *pieces, paid=paid, id=3_900_000)
for title in ("Tea", "Coffee"):
    TIES.product(7001, title)
    TIES.variant(8001, 7001, sku=title)


def raw_rows() -> dict[str, list[dict]]:
    tables = {
        "pos.sales": [head for head, _ in SALES],
        "pos.sale_lines": [one_line for _, one_line in SALES if one_line] + LINES,
    }
    for shop in (DEMO, OTHER, SHOP, TIES):
        for name, rows in shop.rows.items():
            tables.setdefault(f"shopify.{name}", []).extend(rows)
    return tables


def write(folder, tables: dict[str, list[dict]]) -> Raw:
    raw = Raw(folder)
    for system in ("pos", "shopify"):
        own = {name.split(".")[1]: rows for name, rows in tables.items() if name.startswith(system)}
        write_rows(raw, own, system=system, as_text=True)
    return raw


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Warehouse:
    """What was built from the rows as they came, kept beside the database that the second run goes over."""
    folder = tmp_path_factory.mktemp("determinism")
    built = build(write(folder / "raw", raw_rows()), folder)
    return Warehouse(shutil.copy(built.database, folder / "first.duckdb"), folder, built.log)


@pytest.fixture(scope="module")
def second(first) -> Warehouse:
    """Into the database of the first: every row twice, in random order."""
    chance = random.Random(20)
    tables = {name: chance.sample(rows + rows, 2 * len(rows)) for name, rows in raw_rows().items()}
    return build(write(first.target / "shuffled", tables), first.target)


def test_marts_are_the_same(first, second):
    assert first.one("select count(*) from marts.orders") > 80
    assert differences(first, second, first.tables("marts")) == {}


def test_the_same_rows_are_refused(first, second):
    refused = "select system, table_name, record_key, reason, raw_row from quality.quarantined_rows order by all"
    assert first.sql(refused) == second.sql(refused)


def test_repeated_rows_are_duplicates(first, second):
    once, twice = (
        {(each["system"], each["table_name"]): each for each in warehouse.rows("from quality.row_accounting")}
        for warehouse in (first, second)
    )
    assert once.keys() == twice.keys()
    for name, counts in once.items():
        assert twice[name] == counts | {
            "raw_rows": 2 * counts["raw_rows"],
            "duplicate_rows": 2 * counts["duplicate_rows"] + counts["staged_rows"],
            "tombstone_rows": 2 * counts["tombstone_rows"],
            "quarantined_rows": 2 * counts["quarantined_rows"],
        }


def test_schemas_are_read_like_files(first, tmp_path):
    """The same tables as database schemas, one per system."""
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        for file in sorted((first.target / "raw").glob("*/*.parquet")):
            connection.execute(f"create schema if not exists {file.parent.name}")
            connection.execute(f"create table {file.parent.name}.{file.stem} as from '{file}'")
    schemas = build(tmp_path / "nowhere", tmp_path, {"raw_from": "schemas"})
    assert differences(first, schemas, first.tables("marts")) == {}
