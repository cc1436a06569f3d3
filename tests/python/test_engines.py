"""DuckDB and Spark build the same marts from the same raw data.

The raw folder holds the whole sample, the simulated shop, and a small shop whose rows are chosen for what engines do
differently: nested JSON, times in text, zones and their doubled hours, halves of a cent, blanks, quotes, ties, nulls.
"""

import csv
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from conftest import ROOT, BuildFailed, Raw, fit_lifetime, run_dbt

from simulator.settings import Settings
from simulator.shop import simulate

SETTINGS = {"reporting_timezone": "Europe/London", "reporting_currency": "GBP", "audiences_live": True}
RATES = [
    ("EUR", "GBP", "2010-01-01", "0.85725"),
    ("EUR", "GBP", "2011-06-01", "0.88123456"),
    ("USD", "GBP", "2010-01-01", "0.625"),
]
# Most of a small build's time on Spark goes into planning; the thorough compiler would cost a third more.
FAST_JAVA = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=240m -XX:+UseSerialGC"
SHOP = "shop.example"
LOADED_AT = "2011-12-10T06:30:00Z"


def line(number: int, price, quantity=1, **more) -> dict:
    return {
        "id": number,
        "product_id": 9000 + number % 5,
        "variant_id": 9100 + number % 5,
        "sku": f"SKU-{number % 5}",
        "title": "Tea “Évora” 'tin'",
        "vendor": "House",
        "quantity": quantity,
        "price": price,
        "discount_allocations": [],
        "tax_lines": [],
    } | more


def order(number: int, at: str, lines: list | str | None, **more) -> dict:
    return {
        "id": number,
        "shop_url": SHOP,
        "name": f"#{number}",
        "created_at": at,
        "processed_at": None,
        "updated_at": at,
        "cancelled_at": None,
        "deleted_at": None,
        "test": False,
        "financial_status": "paid",
        "source_name": "web",
        "location_id": None,
        "customer": None,
        "email": None,
        "phone": None,
        "currency": "GBP",
        "taxes_included": False,
        "total_tax": None,
        "total_price": None,
        "total_tip_received": None,
        "total_shipping_price_set": json.dumps({"shop_money": {"amount": "4.95", "currency_code": "GBP"}}),
        "discount_codes": json.dumps([{"code": "TEA", "amount": "1.00", "type": "fixed_amount"}]),
        "line_items": lines if lines is None or isinstance(lines, str) else json.dumps(lines),
        "shipping_address": json.dumps({"country_code": "gb"}),
        "tags": None,
        "_airbyte_extracted_at": LOADED_AT,
    } | more


def customer(number: int, **more) -> str:
    return json.dumps({"id": number, "email": f"person{number}@example.com"} | more)


def orders() -> list[dict]:
    """Repeat customers over a year, then one order for each thing that can be special about one."""
    currencies = ["GBP", "EUR", "USD", "SEK"]  # no rate for SEK
    bulk = [
        order(
            1000 + number,
            f"2011-{1 + number % 11:02}-{1 + number * 7 % 28:02}T{number % 24:02}:30:00-05:00",
            [
                line(20000 + 2 * number, f"{number * 7.13 % 90:.2f}", 1 + number % 3, tax_lines=[{"price": "1.005"}]),
                line(20001 + 2 * number, 0.125, 3, discount_allocations=[{"amount": "0.105"}, {"amount": "0.02"}]),
            ],
            customer=customer(700 + number % 17),
            currency=currencies[number % 4],
            taxes_included=number % 2 == 0,
            total_tax=f"{number % 9}.335",
            tags="Subscription, VIP" if number % 5 == 0 else None,
            shipping_address=json.dumps({"country_code": ["gb", "DE", None][number % 3]}),
        )
        for number in range(120)
    ]
    at = "2011-05-05T12:00:00+02:00"
    mail = "Jane.Doe+tea@Gmail.com"
    return [
        *bulk,
        order(2001, at, [line(1, "10.00")], email=f" \u00a0{mail} ", tags=" tea\u00a0,,Staff"),
        order(2002, "2011-06-05", [line(2, "12.00")], email="janedoe@googlemail.com"),
        order(2003, "2011-03-27T01:30:00Z", [line(3, "25.00", gift_card=True)], customer=customer(701)),
        order(2004, "2011-10-30T00:30:00Z", [line(4, "25.00", gift_card=True), line(5, "5.00")], email=mail),
        order(2005, "2011-10-29T23:30:00Z", [line(6, "8.00")], updated_at="2011-11-01T00:00:00Z"),
        order(2005, None, None, deleted_at="2011-11-05T00:00:00Z", updated_at=None),
        order(2006, at, [line(7, "9.99")], updated_at="2011-05-06T00:00:00Z"),
        order(2006, at, [line(7, "9.99")], updated_at="2011-05-07T00:00:00Z", cancelled_at="2011-05-06T09:00:00Z"),
        order(2007, at, [line(8, "9.99")], test=True),
        order(2008, at, [line(9, "9.99")], financial_status="voided"),
        order(2009, at, [line(10, "30.00", 2)], customer=customer(702)),
        order(2009, at, [line(10, "30.00", 2)], customer=customer(702)),
        order(2010, at, [line(11, "7.50", "2", id="11")], customer=json.dumps({"id": "703"})),
        order(2011, at, []),
        order(2012, at, None),
        order(2013, at, [line(12, "6.00"), line(13, "2.00", sku=None, title="Tip", product_id=None, tip="card")]),
        order(2014, at, [line(14, "1e1", 1.5)], email="test@test.com"),
        order(2015, at, [line(15, "0.00")], email="zero@example.com"),
        # refused, each for its own reason
        order(2101, at, [line(16, "ten")]),
        order(2102, at, "[{'id': 1}]"),
        order(2103, at, '{"id": 1}'),
        order(2104, "10:00", [line(17, "5.00")]),
        order(2105, "05.06.2011", [line(18, "5.00")]),
        order(2106, "1902-01-01", [line(19, "5.00")]),
        order(2107, "2031-01-01", [line(20, "5.00")]),
        order(2108, at, [line(20, "5.00", id=None)]),
        order(2109, at, [line(21, "-5.00")]),
        order(2110, at, [line(22, "5.00")], cancelled_at="soon"),
        order(2111, at, [line(24, "1.00"), line(24, "2.00")]),
        order(2112, at, [line(25, "99999999999999.9999", "99999999999999.9999")]),
        order(None, at, [line(23, "5.00")], tags="a 'quoted' \\ \"tag\"\nand a new line"),
    ]


def refund(number: int, order_id: int, lines=(), adjustments=(), paid: bool = True, **more) -> dict:
    status = "success" if paid else "pending"
    return {
        "id": number,
        "shop_url": SHOP,
        "order_id": order_id,
        "created_at": "2011-07-01T22:45:00-05:00",
        "refund_line_items": json.dumps(list(lines)),
        "order_adjustments": json.dumps(list(adjustments)),
        "transactions": json.dumps([{"kind": "refund", "status": status, "amount": "5.00"}]),
        "_airbyte_extracted_at": LOADED_AT,
    } | more


def refunds() -> list[dict]:
    def goods(number, line_id, subtotal, quantity=1, tax="0.335"):
        return {
            "id": number,
            "line_item_id": line_id,
            "quantity": quantity,
            "subtotal": subtotal,
            "total_tax": tax,
            "restock_type": "return",
        }

    return [
        refund(5001, 1002, [goods(1, 20004, 3.125)]),
        refund(5002, 1005, [goods(2, 20010, "2.675"), goods(3, 20011, "0.125")], paid=False),
        refund(5003, 2003, [goods(4, 3, "25.00", tax=0)]),
        refund(5004, 2009, [goods(5, 10, "60.00", 2, tax=None)]),
        refund(
            5005,
            1010,
            adjustments=[
                {"id": 1, "kind": "refund_discrepancy", "amount": "-1.005", "tax_amount": "-0.125"},
                {"id": 2, "kind": "shipping_refund", "amount": "-4.95", "tax_amount": "0.00"},
            ],
        ),
        refund(5006, 999999, [goods(6, 1, "5.00")]),
        refund(5007, 1015, [goods(7, 20030, "1.00")], transactions=None),
        refund(5008, 1020, [goods(8, 20040, "five")]),
        refund(5009, 1020, order_adjustments="none"),
        refund(5010, 1025, [goods(9, 20050, "1.00")], created_at=None),
        refund(5011, 1030, [goods(None, 20060, "1.00")]),
        refund(5012, 1030, [goods(10, 20060, "1.00"), goods(10, 20061, "0.125")]),
        refund(5013, 1035),
    ]


def sale(number, store: str, zone: str | None, sold_at: str, lines: list[tuple], **more) -> tuple[dict, list[dict]]:
    head = {
        "sale_id": f"X{number}",
        "store_id": store,
        "register_id": "1",
        "sold_at": sold_at,
        "store_timezone": zone,
        "customer_email": None,
        "customer_phone": None,
        "loyalty_id": f"L{number % 7}",
        "currency": "EUR",
        "country_code": "fr",
        "original_sale_id": None,
        "_loaded_at": "2011-12-10T05:00:00Z",
    } | more
    return head, [
        {
            "sale_id": head["sale_id"],
            "store_id": store,
            "line_no": position,
            "sku": f"Z{position}",
            "description": "Café \\ 'crème'",
            "quantity": quantity,
            "unit_price": price,
            "discount": discount,
            "_loaded_at": head["_loaded_at"],
        }
        for position, (quantity, price, discount) in enumerate(lines)
    ]


def sales() -> list[tuple[dict, list[dict]]]:
    """Stores in zones with hours that occur twice or never, and receipts with every kind of line."""
    local_times = [
        ("Europe/London", "2011-10-30 01:30:00"),  # twice
        ("Europe/London", "2011-03-27 01:30:00"),  # never
        ("America/New_York", "2011-11-06 01:30:00"),
        ("America/New_York", "2011-03-13 02:15:00"),
        ("America/New_York", "2011-06-30 23:30:00"),  # the next day and month in London
        ("Australia/Lord_Howe", "2011-04-03 01:45:00"),  # clocks go back by half an hour
        ("Australia/Lord_Howe", "2011-10-02 02:10:00"),
        ("Pacific/Apia", "2011-10-31 23:59:59"),  # still 23 hours behind
        ("Asia/Kathmandu", "2011-08-01 03:00:00.123456"),
        (None, "2011-10-30 01:59:59"),
    ]
    return [
        *(
            sale(number, f"store {number}", zone, sold_at, [(1, "19.995", None)])
            for number, (zone, sold_at) in enumerate(local_times)
        ),
        sale(20, "A", "Europe/Paris", "2011-09-01 10:00:00", [(3, "0.335", "0.005"), ("0.3335", "3.15", None)]),
        sale(21, "A", "Europe/Paris", "2011-09-05 10:00:00", [(-1, "0.335", "0.005")], original_sale_id="X20"),
        sale(22, "A", "Europe/Paris", "2011-09-06 10:00:00", [(-2, "5.00", None)]),
        sale(23, "A", "Europe/Paris", "2011-09-07 10:00:00", [(2, "5.00", None), (-2, "5.00", None)]),
        sale(24, "A", "Europe/Paris", "2011-09-08 10:00:00", [(1, "5.00", None)], loyalty_id="guest"),
        sale(31, "A", "Europe/Paris", "2011-09-08 11:00:00", [(1, "5.00", None)], loyalty_id="NULL"),
        sale(32, "A", "Europe/Paris", "2011-09-08 12:00:00", [(1, "5.00", "-1.00")], loyalty_id="--00"),
        sale(33, "A:B", "Europe/Paris", "2011-09-08 12:00:00", [(1, "5.00", None)]),
        sale(34, "A", "Europe/Paris", "2011-09-08 12:00:00", [("99999999999999", "99999999999999", None)]),
        sale(25, "A", "Mars/Olympus", "2011-09-09 10:00:00", [(1, "5.00", None)]),
        sale(26, "A", "Europe/Paris", "1969-12-31 10:00:00", [(1, "5.00", None)]),
        sale(27, "A", "Europe/Paris", "2012-09-09 10:00:00", [(1, "5.00", None)]),
        sale(28, "A", "Europe/Paris", None, [(1, "5.00", None)]),
        sale(29, "A", "Europe/Paris", "2011-09-10 10:00:00", [(1, "5.00", None)], currency="sek"),
        sale(29, "A", "Europe/Paris", "2011-09-10 10:00:00", [(1, "5.00", None)], _loaded_at="2011-12-10T05:30:00Z"),
        sale(30, "A", "Europe/Paris", "2011-09-11 10:00:00", [(1, "-5.00", None), (None, "5.00", None)]),
        *(
            sale(
                40 + number,
                "B",
                "Europe/Paris",
                f"2011-{1 + number % 11:02}-15 18:00:00",
                [(1 + number % 4, f"{number}.375", "0.125"), (1, "2.005", None)],
                customer_email=f"\u2003Walk.In{number % 6}@gmail.com\u00a0",
                loyalty_id=None,
            )
            for number in range(48)
        ),
    ]


def write_shop(raw: Raw) -> None:
    """Shopify as Airbyte's destinations write it: times as text and as times, ids as whole and as floating numbers."""
    instants = {"_airbyte_extracted_at": "timestamp with time zone"}
    numbers = {"id": "bigint", "test": "boolean", "taxes_included": "boolean", "total_price": "double"}
    raw.write("shopify.orders", orders(), instants | numbers)
    raw.write("shopify.order_refunds", refunds(), {"id": "bigint", "order_id": "double"})
    raw.write(
        "shopify.customers",
        [
            {
                "id": 700 + number,
                "shop_url": SHOP,
                "email": f"person{700 + number}@example.com",
                "created_at": f"2010-12-{1 + number:02}T23:30:00Z",
                "updated_at": "2011-01-01T00:00:00Z",
                "verified_email": "true",
                "tags": None,
                "default_address": json.dumps({"country_code": "GB"}),
                "_airbyte_extracted_at": LOADED_AT,
            }
            for number in range(20)
        ],
        instants | {"created_at": "timestamp with time zone", "updated_at": "timestamp"},
    )
    raw.write(
        "shopify.products",
        [
            {"id": 9000 + number, "shop_url": SHOP, "title": f"Tea {number}", "vendor": "House", "product_type": "Tea"}
            for number in range(4)
        ],
    )
    raw.write(
        "shopify.product_variants",
        [
            {"id": 9100 + number, "shop_url": SHOP, "product_id": 9000 + number, "sku": f"SKU-{number}", "price": "1.5"}
            for number in range(5)
        ]
        + [{"id": "9200.5", "shop_url": SHOP, "product_id": 9000, "sku": "refused", "price": "1"}],
    )
    raw.write(
        "shopify.transactions",
        [
            {
                "id": 1,
                "shop_url": SHOP,
                "order_id": 2008,
                "kind": "void",
                "status": "success",
                "amount": 9.99,
                "created_at": "2011-05-06T00:00:00Z",
            }
        ],
        {"id": "bigint", "order_id": "bigint", "amount": "double"},
    )
    raw.write("shopify.fulfillments", [], {"id": "bigint", "order_id": "bigint", "created_at": "timestamp"})


def write_tills(raw: Raw) -> None:
    types = {
        "sales": {"sold_at": "timestamp", "_loaded_at": "timestamp"},
        "sale_lines": {
            "line_no": "integer",
            "quantity": "decimal(18, 4)",
            "unit_price": "decimal(18, 4)",
            "discount": "decimal(18, 4)",
            "_loaded_at": "timestamp",
        },
    }
    heads, lines = zip(*sales(), strict=True)
    raw.write("pos.sales", heads, types["sales"])
    raw.write("pos.sale_lines", [row for rows in lines for row in rows], types["sale_lines"])


def add_sample(raw: Raw, folder: Path) -> None:
    """The sample beside our rows, in one file a table where both have it."""
    simulate(Settings(out=folder, workers=1))
    for path in sorted(folder.glob("*/*.parquet")):
        name = f"{path.parent.name}.{path.stem}"
        if name.startswith("truth."):
            continue
        ours, query = raw.folder / path.parent.name / path.name, f"from '{path}'"
        if ours.exists():
            query += f" union all by name from '{ours.rename(ours.with_name('ours_' + ours.name))}'"
        raw.copy(name, query)
        ours.with_name("ours_" + ours.name).unlink(missing_ok=True)


@pytest.fixture(scope="session")
def project(tmp_path_factory) -> Path:
    """This project with exchange rates, which ship empty."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("dbt_project.yml", "models", "macros", "tests"):
        (folder / name).symlink_to(ROOT / name)
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    with (folder / "seeds" / "exchange_rates.csv").open("a", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(RATES)
    return folder


@dataclass
class Engines:
    """Both warehouses: DuckDB's file, and Spark's folder of Parquet tables, which needs no Spark to be read."""

    duckdb: Path
    spark: Path
    tables: list[str]

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection to DuckDB's warehouse with Spark's tables as views in the schema `spark`."""
        connection = duckdb.connect()
        connection.execute(f"attach '{self.duckdb}' as warehouse (read_only); create schema spark")
        for table in self.tables:
            schema, name = table.split(".")
            files = self.spark / f"{schema}.db" / name / "*.parquet"
            connection.execute(f"create view spark.{name} as from read_parquet('{files}')")
        return connection


@pytest.fixture(scope="session")
def engines(project, tmp_path_factory) -> Engines:
    if not shutil.which("java"):
        pytest.skip("no java on this machine; Spark needs Java 17")
    folder = tmp_path_factory.mktemp("engines")
    raw = Raw(folder / "raw")
    write_tills(raw)
    write_shop(raw)
    add_sample(raw, folder / "sample")
    for target in ("duckdb", "spark"):
        result = run_dbt(
            *("build", "--project-dir", str(project), "--target", target, "--exclude-resource-type", "unit_test"),
            raw=raw.folder,
            folder=folder / target,
            variables=SETTINGS,
            PERENNIAL_SPARK_WAREHOUSE=str(folder / "spark-warehouse"),
            JDK_JAVA_OPTIONS=FAST_JAVA,
        )
        if result.returncode:
            raise BuildFailed(result.stdout + result.stderr)
        if target == "duckdb":
            fit_lifetime(raw.folder, folder / target, project / "seeds" / "clv_parameters.csv")
    manifest = json.loads((folder / "spark" / "target" / "manifest.json").read_text())
    tables = [
        f"{node['schema']}.{node['name']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["schema"] in ("marts", "quality", "audiences")
        and node["config"]["materialized"] != "view"
    ]
    return Engines(folder / "duckdb" / "warehouse.duckdb", folder / "spark-warehouse", sorted(tables))


OWN = ("state_hash",)  # each engine has hashes of its own


def findings(connection: duckdb.DuckDBPyConnection, left: str, right: str) -> list[str]:
    """What differs between two relations. Doubles may differ by one in the last of their 9 digits, nothing else at all.

    Rows pair up by every column that is no double, null-safe; among copies, by the order of their doubles.
    """
    types, other = (
        {name: kind for name, kind, *_ in connection.execute(f"describe from {relation}").fetchall() if name not in OWN}
        for relation in (left, right)
    )
    if types != other:
        return [f"columns differ: {dict(sorted(set(types.items()) ^ set(other.items())))}"]
    doubles = [f'"{name}"' for name, kind in types.items() if kind == "DOUBLE"]
    exact = [f'"{name}"' for name, kind in types.items() if kind != "DOUBLE"]
    rows = f"""(
        select *, row_number() over (partition by {", ".join(exact)} order by {", ".join([*doubles, "1"])}) as copy
        from {{}}
    )"""
    same = " and ".join(f"ours.{name} is not distinct from theirs.{name}" for name in [*exact, "copy"])
    far_apart = " or ".join(
        f"""(ours.{name} is null) <> (theirs.{name} is null)
        or abs(ours.{name} - theirs.{name})
        > 1.001 * pow(10, floor(log10(greatest(abs(ours.{name}), abs(theirs.{name}), 1e-300))) - 8)"""
        for name in doubles
    )
    found = connection.execute(f"""
        select ours, theirs, count(*) over () as found
        from {rows.format(left)} as ours full join {rows.format(right)} as theirs on {same}
        where ours.copy is null or theirs.copy is null or {far_apart or "false"}
        order by ours::text, theirs::text limit 6
    """).fetchall()
    return [f"{count} rows differ, such as {ours} against {theirs}" for ours, theirs, count in found]


def test_every_mart_is_the_same_on_both_engines(engines):
    with engines.connect() as connection:
        found = {
            table: differences
            for table in engines.tables
            if (differences := findings(connection, f"warehouse.{table}", f"spark.{table.split('.')[1]}"))
        }
        empty = [
            table for table in engines.tables if not connection.execute(f"from warehouse.{table} limit 1").fetchall()
        ]
    assert not found
    # In a first build no id retires and no figure is published anew, nobody tells this shop's truth, no scenario is
    # asked about, and nobody was in an audience before.
    first = [
        "audiences.audience_standing",
        "marts.customer_id_redirects",
        "marts.loyalty_scenario_impact",
        "quality.identity_accuracy",
        "quality.metric_restatements",
    ]
    assert empty == first, "a table without rows proves nothing"


ONE = "(order_id = (select min(order_id) from spark.orders where is_valid))"
RATE = "retention_rate * case when cohort_month = '2025-06-01' and months_since_first = 1 then 1 + {} else 1 end"


@pytest.mark.parametrize(
    ("table", "altered", "is_found"),
    [
        ("orders", "from spark.orders", False),
        ("orders", f"from spark.orders where not {ONE}", True),
        ("orders", f"from spark.orders union all from spark.orders where {ONE}", True),
        (
            "orders",
            f"select * replace ((net_revenue + {ONE}::int * 0.01)::decimal(18, 2) as net_revenue) from spark.orders",
            True,
        ),
        (
            "orders",
            f"select * replace (case when not {ONE} then net_revenue end as net_revenue) from spark.orders",
            True,
        ),
        (
            "orders",
            f"select * replace (ordered_at + {ONE}::int * interval 1 hour as ordered_at) from spark.orders",
            True,
        ),
        ("orders", "select * replace (net_revenue::double as net_revenue) from spark.orders", True),
        ("orders", "select * exclude (ordered_on) from spark.orders", True),
        (
            "customer_cohorts",
            f"select * replace ({RATE.format(1e-11)} as retention_rate) from spark.customer_cohorts",
            False,
        ),
        (
            "customer_cohorts",
            f"select * replace ({RATE.format(1e-7)} as retention_rate) from spark.customer_cohorts",
            True,
        ),
    ],
)
def test_an_altered_mart_is_found(engines, table, altered, is_found):
    """Negative control: the comparison sees one row lost, doubled, or off by a cent, an hour or a digit."""
    with engines.connect() as connection:
        connection.execute(f"create view altered as {altered}")
        assert bool(findings(connection, f"warehouse.marts.{table}", "altered")) == is_found
