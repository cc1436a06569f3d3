"""The Great Expectations suites: true of the sample, false of what they are there to see, and pages without people."""

import re
from dataclasses import dataclass

import duckdb
import pytest
from conftest import Warehouse
from small_shop import CANARIES

from simulator.settings import Settings
from simulator.shop import simulate
from tests.expectations import marts, raw_pos, raw_shopify
from tests.expectations.__main__ import main
from tests.expectations.run import validate
from tests.expectations.suite import words

SUITES = {suite.name: suite for suite in (*raw_pos.SUITES, *raw_shopify.SUITES, *marts.SUITES)}


@dataclass(frozen=True)
class Defect:
    """A table that is replaced by the result of a query on the built one, and the sentence that must become false."""

    suite: str
    table: str
    query: str
    breaks: str


DEFECTS = (
    Defect(
        "pos receipts",
        "raw.pos__sales",
        "select * replace (if(sale_id like '%0', loyalty_id, null) as loyalty_id) from warehouse.raw.pos__sales",
        "share_with_a_customer",
    ),
    Defect(
        "pos receipts",
        "raw.pos__sales",
        "select * replace (coalesce(loyalty_id, '99999') as loyalty_id) from warehouse.raw.pos__sales",
        "share_of_the_busiest_customer",
    ),
    Defect(
        "pos lines",
        "raw.pos__sale_lines",
        """
        select * replace (if(sale_id = '536365', unit_price * 100000, unit_price) as unit_price)
        from warehouse.raw.pos__sale_lines
        """,
        "share_of_the_largest_line_in_money",
    ),
    Defect(
        "pos lines",
        "raw.pos__sale_lines",
        "select * replace (replace(unit_price::varchar, '.', ',') as unit_price) from warehouse.raw.pos__sale_lines",
        "share_with_quantity_and_price",
    ),
    Defect(
        "pos weeks",
        "raw.pos__sales",
        """
        from warehouse.raw.pos__sales
        where not (sold_at between timestamp '2011-11-12' and timestamp '2011-11-19' and sale_id not like '%0')
        """,
        "share_of_the_eight_weeks_before",
    ),
    Defect(
        "pos weeks",
        "raw.pos__sales",
        "from warehouse.raw.pos__sales where not sold_at between timestamp '2011-11-05' and timestamp '2011-11-20'",
        "receipts",
    ),
    Defect(
        "pos freshness",
        "raw.pos__sales",
        "from warehouse.raw.pos__sales where sold_at < timestamp '2011-12-04'",
        "days_since_the_newest_receipt",
    ),
    Defect(
        "shopify orders",
        "raw.shopify__orders",
        "select * replace (left(line_items, 100) as line_items) from warehouse.raw.shopify__orders",
        "share_with_lines",
    ),
    Defect(
        "shopify orders",
        "raw.shopify__orders",
        "select * replace (null as customer) from warehouse.raw.shopify__orders",
        "share_with_an_account",
    ),
    Defect(
        "shopify payment",
        "raw.shopify__orders",
        """
        select * replace (if(id % 50 = 0, 'on_hold', financial_status) as financial_status)
        from warehouse.raw.shopify__orders
        """,
        "payment_state",
    ),
    Defect(
        "shopify refunds",
        "raw.shopify__order_refunds",
        "select * replace ('[]' as transactions) from warehouse.raw.shopify__order_refunds",
        "share_that_moved_money",
    ),
    Defect(
        "shopify refunds",
        "raw.shopify__order_refunds",
        "from warehouse.raw.shopify__order_refunds where false",
        "refunds_per_order",
    ),
    Defect(
        "shopify weeks",
        "raw.shopify__orders",
        """
        from warehouse.raw.shopify__orders
        where not (created_at between timestamptz '2024-03-01' and timestamptz '2024-03-20' and id % 5 > 0)
        """,
        "share_of_the_eight_weeks_before",
    ),
    Defect(
        "shopify beginning",
        "raw.shopify__customers",
        "select * replace (created_at - interval 1 year as created_at) from warehouse.raw.shopify__customers",
        "share_of_first_buyers_known_before",
    ),
    Defect(
        "shopify freshness",
        "raw.shopify__transactions",
        "from warehouse.raw.shopify__transactions where created_at < timestamptz '2024-03-20'",
        "days_since_the_newest_load",
    ),
    Defect(
        "marts orders by month",
        "marts.orders",
        """
        select * replace (if(ordered_on >= date '2011-10-01', 100, 1) * net_revenue_reporting as net_revenue_reporting)
        from warehouse.marts.orders
        """,
        "order_value_beside_the_six_months_before",
    ),
    Defect(
        "marts orders by month",
        "marts.orders",
        """
        select * replace (if(ordered_on >= date '2011-11-01', null, customer_id) as customer_id)
        from warehouse.marts.orders
        """,
        "share_with_a_customer",
    ),
    Defect(
        "marts orders that do not count",
        "marts.orders",
        """
        select * replace (
            is_valid and order_id not like '%0' and order_id not like '%5' and order_id not like '%9' as is_valid,
            coalesce(invalid_reason, 'wholesale') as invalid_reason
        )
        from warehouse.marts.orders
        """,
        "share",
    ),
    Defect(
        "marts customers",
        "marts.customers",
        """
        select * replace (if(customer_id = min(customer_id) over (), 5000, order_count) as order_count)
        from warehouse.marts.customers
        """,
        "share_of_orders_of_the_busiest",
    ),
    Defect(
        "marts cohorts",
        "marts.customer_cohorts",
        """
        select * replace (if(months_since_first = 1, cumulative_retention_rate * 0, retention_rate) as retention_rate)
        from warehouse.marts.customer_cohorts
        """,
        "rate_after_one_month",
    ),
    Defect(
        "marts cohorts",
        "marts.customer_cohorts",
        """
        select * replace (if(cohort_month = date '2010-12-01', 20, 1) * cohort_customers as cohort_customers)
        from warehouse.marts.customer_cohorts
        """,
        "size_beside_the_median_cohort",
    ),
    Defect(
        "marts scorecard",
        "marts.retention_scorecard",
        """
        select * replace (if(metric = 'repeat_purchase_rate', 1, value) as value)
        from warehouse.marts.retention_scorecard
        """,
        "repeat_purchase_rate",
    ),
    Defect(
        "marts scorecard",
        "marts.retention_scorecard",
        "select * replace (if(segment = 'all', null, value) as value) from warehouse.marts.retention_scorecard",
        "share_without_a_value",
    ),
    Defect(
        "marts repurchase curve",
        "marts.repurchase_curve",
        "select * replace (1 as survival) from warehouse.marts.repurchase_curve",
        "not_back_after_90_days",
    ),
    Defect(
        "marts lifetime value",
        "marts.customer_lifetime_value",
        """
        select * replace (if(historic_value > 50000, 1000, 1) * historic_value as historic_value)
        from warehouse.marts.customer_lifetime_value
        """,
        "share_of_the_best_hundredth",
    ),
    Defect(
        "marts row accounting",
        "quality.row_accounting",
        "select * replace (raw_rows // 10 as quarantined_rows) from warehouse.quality.row_accounting",
        "share_refused",
    ),
)


def replica(warehouse: Warehouse, defect: Defect | None = None) -> duckdb.DuckDBPyConnection:
    """A database in memory whose relations show the warehouse's, but for the one with the defect."""
    connection = duckdb.connect()
    connection.execute(f"attach '{warehouse.database}' as warehouse (read_only)")
    for table in warehouse.tables("raw", "staging", "marts", "quality"):
        query = defect.query if defect and defect.table == table else f"from warehouse.{table}"
        connection.execute(f"create schema if not exists {table.split('.')[0]}")
        connection.execute(f"create view {table} as {query}")
    return connection


@pytest.fixture(scope="module")
def warehouse_of(sample, small):
    """The sample for receipts and marts; it has no Shopify, the small shop has."""
    return lambda suite: small if SUITES[suite].system == "shopify" else sample


@pytest.mark.parametrize("suite", SUITES)
def test_true_of_the_sample(suite, warehouse_of):
    with replica(warehouse_of(suite)) as connection:
        (outcome,) = validate(connection, [SUITES[suite]])
        frame = connection.execute(SUITES[suite].query).df()
    assert (outcome.broken, outcome.is_absent) == ((), False)
    assert len(frame) > 0
    assert [expect.column for expect in SUITES[suite].expects if expect.column not in frame.columns] == []


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: f"{defect.suite}: {defect.breaks}")
def test_false_of_a_planted_defect(defect, warehouse_of):
    with replica(warehouse_of(defect.suite), defect) as connection:
        (outcome,) = validate(connection, [SUITES[defect.suite]])
    assert defect.breaks in outcome.broken


@pytest.mark.parametrize("is_cut_off", [False, True], ids=["whole", "cut off"])
def test_a_history_of_60_days_is_seen(tmp_path, is_cut_off):
    """A simulated shop whose loader was connected after a year, with all orders or with those that Shopify shows."""
    settings = {
        "customers": 2_000,
        "systems": ("shopify",),
        "workers": 1,
        "trap_rates": {"truncated_history": is_cut_off},
    }
    simulate(Settings(out=tmp_path / "raw", **settings))
    with duckdb.connect() as connection:
        connection.execute(
            """
            create schema raw; create schema staging; create schema quality;
            create view staging.point_in_time as select date '2025-12-31' as as_of;
            create view quality.row_accounting as select 'shopify' as system, 1 as raw_rows;
            """
        )
        for table in ("orders", "customers"):
            file = tmp_path / "raw" / "shopify" / f"{table}.parquet"
            connection.execute(f"create view raw.shopify__{table} as from '{file}'")
        (outcome,) = validate(connection, [SUITES["shopify beginning"]])
        ((buyers, _),) = connection.execute(SUITES["shopify beginning"].query).fetchall()
    assert buyers > 30
    assert outcome.broken == (("share_of_first_buyers_known_before",) if is_cut_off else ())


def test_every_suite_has_a_planted_defect():
    assert {defect.suite for defect in DEFECTS} == set(SUITES)


def test_an_absent_system_is_absent_not_fine(sample):
    with replica(sample) as connection:
        outcomes = validate(connection, raw_shopify.SUITES)
    assert [outcome.is_absent for outcome in outcomes] == [True] * len(raw_shopify.SUITES)


def test_pages_say_everything_in_words_and_name_nobody(small, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PERENNIAL_DB", str(small.database))
    out = tmp_path / "data_docs"
    code = main(["--out", str(out)])
    assert code == int("not as expected" in capsys.readouterr().out)
    assert (out / "index.html").is_file()
    for suite in SUITES.values():
        page = (out / "expectations" / f"{suite.name}.html").read_text()
        assert suite.about in page
        (result,) = (out / "validations" / suite.name).rglob("*.html")
        for expect in suite.expects:
            assert words(expect.column) in page
            assert expect.describe() in page
            assert expect.describe() in result.read_text()
    people = [path.name for path in out.rglob("*.html") if re.search(CANARIES, path.read_text(), re.IGNORECASE)]
    assert people == []


def test_another_folder_is_not_overwritten(small, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PERENNIAL_DB", str(small.database))
    (tmp_path / "letter.txt").write_text("mine")
    assert main(["--out", str(tmp_path)]) == 2
    assert "choose another --out" in capsys.readouterr().err
    assert (tmp_path / "letter.txt").read_text() == "mine"
