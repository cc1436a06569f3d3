"""What a change of settings moves, before it is accepted: figures worked out by hand for a till with five buyers."""

import hashlib
import json
import os
import shutil
import subprocess
import sys

import duckdb
import pytest
from conftest import ROOT, BuildFailed, Raw, Warehouse, run_dbt, sale, write_sales

from preview import compare
from preview.__main__ import report
from preview.rebuild import what_failed

VARIABLES = {
    "systems": ["pos"],
    "custom_consent_events": "home_made.consents",
    "custom_loyalty_bookings": "home_made.bookings",
}
NEVER_COPIED = (".git", ".venv", ".cache", "data", "target", "logs", "__pycache__", "*.duckdb", "fixtures", "python")
SALES = [
    sale(1, "2024-01-10 10:00:00", 10, "A", customer_email="anna@canary.example"),
    sale(2, "2024-02-10 10:00:00", 20, "A", customer_email="anna@canary.example"),
    sale(3, "2024-03-01 10:00:00", 40, None, customer_email="anna.work@canary.example"),
    sale(4, "2024-03-02 10:00:00", 80, "C", customer_email="carl@canary.example"),
    sale(5, "2024-03-05 10:00:00", 160, "C", customer_email="carl@canary.example"),
    sale(6, "2024-03-06 10:00:00", 320, "D", customer_email="dora@canary.example"),
    sale(7, "2024-06-30 10:00:00", 640, None),
]
CONSENTS = """
    create schema home_made;
    create table home_made.consents as
    select 'pos' as source_name, 'sale' as source_record_type, 'S1:' || sale_id as source_record_id, channel,
        'marketing' as purpose, state, occurred_at::timestamp as occurred_at, address, null::varchar as method,
        null::varchar as evidence
    from (values
        ('1', 'email', 'subscribed', '2024-01-10 11:00:00', 'anna@canary.example'),
        ('3', 'email', 'unsubscribed', '2024-03-01 11:00:00', 'anna.work@canary.example'),
        ('5', 'sms', 'subscribed', '2024-03-05 11:00:00', null),
        ('4', 'push', 'subscribed', '2024-03-02 11:00:00', null),
        ('5', 'push', 'unsubscribed', '2024-03-05 11:00:00', null),
        ('6', 'email', 'subscribed', '2024-03-06 11:00:00', 'dora@canary.example')
    ) as told (sale_id, channel, state, occurred_at, address)
"""
# A club of which every buyer is a member anew with every sale, for two points; a kiosk counts in hundreds.
BOOKINGS = """
    create table home_made.bookings as
    select programme || ' sale ' || sale_id as booking_id, 'pos' as source_name, programme, sale_id as member_id,
        'sale' as source_record_type, 'S1:' || sale_id as source_record_id,
        timestamp '2024-06-01 10:00:00' as booked_at, 'earn' as entry_type, points::decimal(18, 2) as points,
        'rule' as activation, null::timestamp as active_at, 'never' as expiry, null::timestamp as expires_at,
        null::varchar as order_reference, null::varchar as reason
    from (values
        ('club', '1', 2), ('club', '2', 2), ('club', '3', 2), ('club', '4', 2), ('club', '5', 2), ('club', '6', 2),
        ('kiosk', '1', 100)
    ) as sales (programme, sale_id, points)
"""
# Sales 1 to 3 become one person; the one who bought sales 4 and 5 becomes two; a customer stays two years, not three.
OVERRIDES = """\
1,must_link,pos,sale,S1:1,pos,sale,S1:3,Ines,2024-07-01,Her address at work
2,cannot_link,pos,sale,S1:4,pos,sale,S1:5,Ines,2024-07-01,Father and son
"""
MODELS = {
    "audiences/spenders": "{{ config(schema='audiences') }} select customer_id from {{ ref('customers') }}"
    " where net_revenue >= 100",
}


class Project:
    """A copy of the project whose seeds may be edited, and a live warehouse built with those of the repository."""

    def __init__(self, folder):
        self.root, self.folder, self.live = folder / "project", folder, folder / "warehouse.duckdb"
        shutil.copytree(ROOT, self.root, ignore=shutil.ignore_patterns(*NEVER_COPIED))
        for name, text in MODELS.items():
            path = self.root / "models" / f"{name}.sql"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        self.raw = write_sales(Raw(folder / "raw"), SALES)
        with duckdb.connect(str(self.live)) as connection:
            connection.execute(CONSENTS + ";" + BOOKINGS)
        part = [
            "--select",
            "resource_type:seed",
            "+loyalty_balances",
            "+spenders",
            "+customer_lifetime_value",
            "+customer_records",
            "raw_row_counts",
        ]
        part += ["--exclude-resource-type", "test", "unit_test", "--project-dir", str(self.root)]
        done = run_dbt("build", *part, raw=self.raw.folder, folder=folder, variables=VARIABLES)
        if done.returncode:
            raise BuildFailed(done.stdout)
        self.sha = hashlib.sha256(self.live.read_bytes()).hexdigest()

    def preview(self, *options: str, variables: dict = VARIABLES, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "preview", "--vars", json.dumps(variables), *options],
            cwd=self.root,
            capture_output=True,
            text=True,
            env=os.environ | {"PERENNIAL_RAW": str(self.raw.folder), "PERENNIAL_DB": str(self.live)} | environment,
        )

    def person(self, number: int) -> str:
        """The live warehouse's customer id of a sale."""
        live = Warehouse(self.live, self.folder, "")
        return live.one(f"select customer_id from marts.customer_records where source_record_id = 'S1:{number}'")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Project:
    return Project(tmp_path_factory.mktemp("preview"))


@pytest.fixture(scope="module")
def changed(project) -> subprocess.CompletedProcess:
    with (project.root / "seeds" / "identity_overrides.csv").open("a") as seed:
        seed.write(OVERRIDES)
    thresholds = project.root / "seeds" / "thresholds.csv"
    text = thresholds.read_text()
    assert "customer_lifespan_years,3," in text
    thresholds.write_text(text.replace("customer_lifespan_years,3,", "customer_lifespan_years,2,"))
    return project.preview("--json")


@pytest.fixture(scope="module")
def figures(changed) -> dict:
    assert changed.returncode == 0, changed.stderr
    return json.loads(changed.stdout)


def test_without_a_change_nothing_moves(project):
    assert report(compare.compare(project.live, project.live)).splitlines() == [
        "As of 2024-06-30, money in EUR. Seeds that differ: none.",
        "Nothing moves: people, orders, values, consents and audiences stay as they are.",
    ]


def test_the_live_warehouse_is_untouched_and_the_copy_gone(project, changed):
    assert hashlib.sha256(project.live.read_bytes()).hexdigest() == project.sha
    assert list(project.root.rglob("*.duckdb*")) == []


def test_settings_that_differ(figures):
    one_row, other_row = {"added": 2, "removed": 0}, {"added": 1, "removed": 1}
    assert figures["settings"] == {"identity_overrides": one_row, "thresholds": other_row}
    assert (figures["as_of"], figures["differs"], figures["is_raw_data_newer"]) == ("2024-06-30", True, False)


def test_people_and_records(figures):
    assert figures["people"] == {
        "before": 4, "after": 4, "merged": 2, "merged_into": 1, "split": 1, "split_into": 2, "renamed": 0
    }  # fmt: skip
    assert figures["records"] == {"moved": 2, "gained_a_person": 0, "lost_their_person": 0}


def test_orders_and_money(figures):
    """Sales 3 and 5 change hands; sale 7 is a walk-in's."""
    assert figures["valid_orders"] == {"before": 7, "after": 7, "begin": 0, "cease": 0, "change_hands": 2}
    assert figures["net_revenue"] == {"before": 1270, "after": 1270, "changes_hands": 40 + 160}
    assert figures["repeat_purchase_rate"] == {"before": 2 / 4, "after": 1 / 4}


def test_measures_of_people(figures):
    """By person: A, A at work, C, C's son, D; a value counts as 0 where there is no such person."""
    value = [(30, 70), (40, 0), (240, 80), (0, 160), (320, 320)]
    lifetime = [(3 * before, 2 * after) for before, after in value]
    points = [(4, 6), (2, 0), (4, 2), (0, 2), (2, 2)]

    def amount(pairs: list[tuple]) -> dict:
        moves = [abs(after - before) for before, after in pairs]
        totals = dict(zip(("before", "after"), map(sum, zip(*pairs, strict=True)), strict=True))
        return {"kind": "amount", "people": sum(map(bool, moves)), "moved": sum(moves)} | totals

    measures = figures["measures"]
    assert measures["value so far"] == amount(value)
    assert measures["simple value"] == amount(lifetime)
    assert measures["points of club"] == amount(points)
    assert measures["points of kiosk"] == amount([(100, 100)])
    assert measures["vip"] == {"kind": "membership", "enter": 0, "leave": 0, "before": 0, "after": 0}
    assert measures["audience spenders"] == {"kind": "membership", "enter": 0, "leave": 1, "before": 2, "after": 2}


def test_consents(figures):
    """A refused at work; C's text messages were the son's wish, and the refusal of pushes, too."""
    consents = {name: each for name, each in figures["measures"].items() if each["kind"] == "consent"}
    assert consents == {
        "email consent": {"kind": "consent", "granted": 0, "withdrawn": 1, "before": 2, "after": 1},
        "sms consent": {"kind": "consent", "granted": 0, "withdrawn": 1, "before": 1, "after": 1},
        "push consent": {"kind": "consent", "granted": 1, "withdrawn": 0, "before": 0, "after": 1},
    }


def test_examples(project, figures):
    """The ids are those of the live warehouse where a person goes on."""
    anna, work, carl, dora = (project.person(number) for number in (1, 3, 4, 6))
    (merged,), (split,) = figures["examples"]["merged"], figures["examples"]["split"]
    assert merged == {
        "customer_id": anna, "before_ids": sorted([anna, work]), "records": 3, "orders": 3, "net_revenue": 70
    }  # fmt: skip
    assert (split["customer_id"], split["records"], split["orders"], split["net_revenue"]) == (carl, 2, 2, 240)
    assert len(split["after_ids"]) == 2 and carl in split["after_ids"] and dora not in split["after_ids"]


def test_the_report_names_nobody(project, changed, figures):
    text = report(figures)
    assert "2 merged into 1, 1 split into 2" in text and project.person(1) in text
    assert "canary" not in text + changed.stdout + changed.stderr


def test_a_missing_table_is_reported(project, monkeypatch):
    nothing = compare.Measure("stamps", "marts.stamps", "customer_id", "stamps", "amount", "no stamps here")
    monkeypatch.setattr(compare, "MEASURES", (nothing,))
    figures = compare.compare(project.live, project.live)
    assert figures["measures"]["stamps"] == {"kind": "amount", "absent": "no stamps here"}
    assert "no stamps here" in report(figures | {"differs": True})


# What stops it


def stopped(done: subprocess.CompletedProcess) -> str:
    assert (done.returncode, done.stdout) == (2, "")
    return done.stderr


def test_without_a_warehouse(project, tmp_path):
    advice = stopped(project.preview(PERENNIAL_DB=str(tmp_path / "none.duckdb")))
    assert advice == (
        "There is no warehouse none.duckdb to compare with: run make build with the accepted settings, or set"
        " PERENNIAL_DB to the file that it wrote.\n"
    )


def test_an_unfinished_warehouse(project, tmp_path):
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    advice = stopped(project.preview(PERENNIAL_DB=str(tmp_path / "empty.duckdb")))
    assert advice.startswith("empty.duckdb is no complete warehouse: run make build")


def test_a_warehouse_in_use(project):
    with duckdb.connect(str(project.live)):
        assert stopped(project.preview()).startswith("warehouse.duckdb is in use by another process: wait")


def test_another_target(project):
    assert stopped(project.preview(DBT_TARGET="spark")).startswith("The target spark of profiles.yml is no DuckDB file")


def test_another_day(project):
    advice = stopped(project.preview(variables=VARIABLES | {"as_of": "2024-05-31"}))
    assert advice.startswith("The live warehouse looks from 2024-06-30, not from 2024-05-31: leave as_of out")


def test_a_build_that_fails(project):
    """dbt's own sentence follows."""
    advice = stopped(project.preview(PERENNIAL_RAW=str(project.folder / "nowhere")))
    assert "The build failed: correct what dbt says and try again.\n" in advice
    assert "There is no raw table of pos below " in advice
    assert not (project.root / ".cache" / "preview" / "warehouse").exists()


def test_the_error_of_a_model_is_told():
    log = ["1 of 2 START", "Completed with 1 error:", "", "  Database Error in model x", "  bad", "", "Done. ERROR=1"]
    assert what_failed("\n".join(f"08:00:00  {line}" for line in log)) == "Database Error in model x\nbad"


# Two warehouses written by hand


def written(path, records: dict[str, str], invalid: tuple = (), loaded_at: str = "2024-07-01"):
    """A database of what is compared: records, each with its person (- is nobody) and an order of 10.00."""
    records = {record: None if person == "-" else person for record, person in records.items()}
    rows = [("till", "sale", record, person) for record, person in records.items() if person]
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            "create schema staging; create schema marts; create schema settings; create schema audiences"
        )
        connection.execute(f"""
            create table staging.point_in_time as
            select date '2024-06-30' as as_of, 'EUR' as reporting_currency, timestamp '{loaded_at}' as newest_load_at;
            create table staging.raw_row_counts as select 'pos' as system, 'sales' as table_name, 1 as row_count;
            create table marts.customer_records (
                source_name text, source_record_type text, source_record_id text, customer_id text
            );
            create table marts.orders (
                order_id text, customer_id text, is_valid boolean, net_revenue_reporting decimal(18, 2)
            );
        """)
        connection.executemany("insert into marts.customer_records values (?, ?, ?, ?)", rows)
        connection.executemany(
            "insert into marts.orders values (?, ?, ?, 10)", [(r, p, r not in invalid) for r, p in records.items()]
        )
        connection.execute("""
            create table marts.customers as
            select customer_id, count(*) as order_count, 'subscribed' as email_consent
            from marts.customer_records group by customer_id;
            create table marts.customer_lifetime_value as
            select customer_id, 10 * order_count as historic_value, 20 * order_count as simple_value
            from marts.customers
        """)
    return path


# Of each record its person before and after: found again under a new id, giving records to another, losing one record,
# becoming two others, becoming nobody, beginning to be somebody.
FATES = """
    r1 old new, r2 old new, r3 old new, g1 giver giver, g2 giver taker, g3 giver taker, t1 taker taker, l1 loser loser,
    l2 loser -, s1 both one, s2 both other, x1 gone -, n1 - n, m1 - m, o1 - o
"""


@pytest.fixture
def fates(tmp_path) -> dict:
    told = [fate.split() for fate in FATES.split(",")]
    before, after = ({fate[0]: fate[side] for fate in told} for side in (1, 2))
    return compare.compare(
        written(tmp_path / "before.duckdb", before, invalid=("r1", "g1", "g3")),
        written(tmp_path / "after.duckdb", after, invalid=("r2", "g3"), loaded_at="2024-07-02"),
    )


def test_what_happens_to_records(fates):
    assert fates["people"] == {
        "before": 6, "after": 9, "merged": 0, "merged_into": 0, "split": 2, "split_into": 4, "renamed": 1
    }  # fmt: skip
    assert fates["records"] == {"moved": 4, "gained_a_person": 3, "lost_their_person": 2}
    assert "The raw data is not what the warehouse was built from" in report(fates)


def test_what_happens_to_their_orders(fates):
    """g2, l2, s1, s2, x1, n1, m1 and o1 change hands; g3 never counts, and r3 is still the same person's."""
    assert fates["valid_orders"] == {"before": 12, "after": 13, "begin": 2, "cease": 1, "change_hands": 8}
    assert fates["net_revenue"] == {"before": 120, "after": 130, "changes_hands": 80}
    giver, both = fates["examples"]["split"]
    assert giver == {
        "customer_id": "giver", "after_ids": ["giver", "taker"], "records": 3, "orders": 1, "net_revenue": 10
    }  # fmt: skip
    assert (both["customer_id"], both["after_ids"], both["orders"]) == ("both", ["one", "other"], 2)


def test_what_happens_to_their_measures(fates):
    """Everybody had consented: three begin to be somebody, one is nobody any more."""
    consent = {"kind": "consent", "granted": 3, "withdrawn": 1, "before": 6, "after": 9}
    assert fates["measures"]["email consent"] == consent
    amount = {"kind": "amount", "people": 10, "moved": 130, "before": 120, "after": 130}
    assert fates["measures"]["value so far"] == amount
    assert fates["measures"]["simple value"] == amount | {"moved": 260, "before": 240, "after": 260}


def test_ten_examples_the_largest_first(tmp_path):
    """Pair number n has n + 1 records before it becomes one person."""
    before = {f"{n}-{record}": f"{n}{'a' if record else 'b'}" for n in range(1, 13) for record in range(n + 1)}
    after = {record: f"{record.split('-')[0]}a" for record in before}
    one, other = written(tmp_path / "one.duckdb", before), written(tmp_path / "other.duckdb", after)
    merged = compare.compare(one, other)["examples"]["merged"]
    assert [(each["customer_id"], each["records"]) for each in merged] == [(f"{n}a", n + 1) for n in range(12, 2, -1)]
    assert merged[0] == {
        "customer_id": "12a", "before_ids": ["12a", "12b"], "records": 13, "orders": 13, "net_revenue": 130
    }  # fmt: skip
    split = compare.compare(other, one)["examples"]["split"]
    assert [(each["customer_id"], each["orders"]) for each in split] == [(f"{n}a", n + 1) for n in range(12, 2, -1)]
