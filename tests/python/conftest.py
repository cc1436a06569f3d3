"""Warehouses for tests: raw rows in, marts out.

A test writes raw tables with `Raw`, builds with `build` and reads with `Warehouse.rows`. Builds cost seconds, so tests
that need the same raw data share one through a module or session fixture; a session fixture that builds is also shared
by the processes that pytest-xdist runs (`once`).
"""

import fcntl
import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import duckdb
import pytest

# PySpark takes a process whose main module has no file, as pytest-xdist's have none, for a doctest and ends it.
sys.modules["__main__"].__dict__.setdefault("__file__", __file__)

ROOT = Path(__file__).resolve().parents[2]
DBT = Path(sys.executable).parent / "dbt"
PARSED = "PERENNIAL_PARSED"
parsed = pytest.StashKey[str]()


class BuildFailed(AssertionError):
    """dbt ended with an error; the text is its output."""


@dataclass
class Raw:
    """A folder of raw tables, `<system>/<table>.parquet`."""

    folder: Path

    def write(self, name: str, rows: Iterable[dict], types: dict[str, str] | None = None) -> "Raw":
        """Write `system.table`; columns are those of the first row, typed as DuckDB infers, or by `types`."""
        path = self.folder / name.replace(".", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        source = path.with_suffix(".json")
        rows = list(rows)
        source.write_text("\n".join(json.dumps(row, default=str) for row in rows))
        types = types or {}
        columns = {column: types.get(column, "varchar") for column in (rows[0] if rows else types)}
        spec = ", ".join(f"'{column}': '{kind}'" for column, kind in columns.items())
        query = f"select * from read_json('{source}', format = 'newline_delimited', columns = {{{spec}}})"
        if not rows:
            query = "select " + ", ".join(f'cast(null as {kind}) as "{c}"' for c, kind in columns.items()) + " limit 0"
        self.copy(name, query)
        source.unlink()
        return self

    def copy(self, name: str, query: str) -> "Raw":
        """Write `system.table` from a DuckDB query."""
        path = (self.folder / name.replace(".", "/")).with_suffix(".parquet")
        path.parent.mkdir(parents=True, exist_ok=True)
        duckdb.sql(f"copy ({query}) to '{path}' (format parquet)")
        return self

    def table(self, name: str) -> str:
        """The path of a raw table, quoted for SQL."""
        return f"'{(self.folder / name.replace('.', '/')).with_suffix('.parquet')}'"


@dataclass
class Warehouse:
    """A built warehouse; `log` is what dbt printed, `target` the folder with the manifest and the run results."""

    database: Path
    target: Path
    log: str
    failures: list[str] = field(default_factory=list)

    def sql(self, query: str):
        """Run a query; a DuckDB relation's rows as a list of tuples."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(query).fetchall()

    def rows(self, query: str) -> list[dict]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            result = connection.execute(query)
            names = [column[0] for column in result.description]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def one(self, query: str):
        """The single value of a query."""
        ((value,),) = self.sql(query)
        return value

    def tables(self, *schemas: str) -> list[str]:
        wanted = ", ".join(f"'{schema}'" for schema in schemas)
        return [
            f"{schema}.{table}"
            for schema, table in self.sql(
                "select table_schema, table_name from information_schema.tables"
                f" where table_schema in ({wanted}) order by all"
            )
        ]


@dataclass
class Simulated:
    """A simulated shop: its raw tables, their warehouse, and what really happened."""

    raw: Path
    warehouse: Warehouse
    name: str = "seed 7"

    @cached_property
    def connection(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        connection.execute(f"attach '{self.warehouse.database}' as warehouse (read_only); attach ':memory:' as truth")
        for path in (self.raw / "truth").iterdir():
            files = path if path.is_file() else path / "*.parquet"
            connection.execute(f"create view truth.{path.stem} as from read_parquet('{files}', union_by_name = true)")
        connection.execute("use warehouse")
        return connection

    def sql(self, query: str) -> list[tuple]:
        """Run a query on the warehouse in which `truth.<table>` is a table of the truth."""
        return self.connection.execute(query).fetchall()

    def same(self, ours: str, truth: str, at_least: int = 1) -> None:
        """Two queries give the same rows, duplicates counted, and there are at least so many."""
        ((rows,),) = self.sql(f"select count(*) from ({truth})")
        assert rows >= at_least
        for side, one, other in (("ours", ours, truth), ("truth", truth, ours)):
            assert (side, self.sql(f"from ({one}) except all from ({other}) limit 5")) == (side, [])


def environment_of(raw: Path, folder: Path) -> dict[str, str]:
    """The environment of a warehouse below the folder."""
    return os.environ | {
        "PERENNIAL_RAW": str(raw),
        "PERENNIAL_DB": str(folder / "warehouse.duckdb"),
        "DBT_PROFILES_DIR": str(ROOT),
        "DO_NOT_TRACK": "1",
    }


def run_dbt(*arguments: str, raw: Path, folder: Path, variables: dict | None = None, **environment: str):
    """Run dbt in a process of its own, with its database and target below `folder`; this project is parsed once."""
    program = [str(DBT)]
    if "--project-dir" not in arguments:
        program = [sys.executable, str(Path(__file__).with_name("parsed.py")), os.environ[PARSED]]
    command = [*program, *arguments, "--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    if variables:
        command += ["--vars", json.dumps(variables)]
    return subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=environment_of(raw, folder) | environment,
    )


def fit_lifetime(raw: Path, folder: Path, seed: Path) -> None:
    """Run `python -m lifetime` on the DuckDB warehouse that `run_dbt` made in the folder."""
    subprocess.run(
        [
            *(sys.executable, "-m", "lifetime", "--seed", str(seed)),
            *("--target-path", str(folder / "target"), "--log-path", str(folder / "logs")),
        ],
        cwd=ROOT,
        check=True,
        env=environment_of(raw, folder),
    )


def build(
    raw: Raw | Path, folder: Path, variables: dict | None = None, with_tests: bool = False, must_pass: bool = True
) -> Warehouse:
    """Build a warehouse from raw tables; the models only, unless `with_tests`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = raw.folder if isinstance(raw, Raw) else raw
    without = [] if with_tests else ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    result = run_dbt("build", *without, raw=path, folder=folder, variables=variables)
    results = folder / "target" / "run_results.json"
    failures = []
    if results.exists():
        failures = [
            entry["unique_id"]
            for entry in json.loads(results.read_text())["results"]
            if entry["status"] in ("error", "fail")
        ]
    if must_pass and result.returncode:
        raise BuildFailed(result.stdout + result.stderr)
    return Warehouse(folder / "warehouse.duckdb", folder / "target", result.stdout + result.stderr, failures)


def known_truth(raw: Path) -> dict[str, str]:
    """The var by which a warehouse of simulated raw data measures its matching."""
    parts = raw / "truth" / "records"
    files = parts / "*.parquet" if parts.is_dir() else parts.with_suffix(".parquet")
    return {"custom_identity_truth": f"read_parquet('{files}')"}


def differences(left: Warehouse, right: Warehouse, tables: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Per table the rows only in the left and only in the right warehouse (null-safe, duplicates counted)."""
    found = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{left.database}' as l (read_only); attach '{right.database}' as r (read_only)")
        for table in tables:
            only_left, only_right = (
                connection.execute(f"select count(*) from (from {a}.{table} except all from {b}.{table})").fetchone()[0]
                for a, b in (("l", "r"), ("r", "l"))
            )
            if only_left or only_right:
                found[table] = (only_left, only_right)
    return found


def pytest_configure(config):
    """A folder for the parsed project that all processes of pytest-xdist share."""
    if PARSED not in os.environ:
        os.environ[PARSED] = config.stash[parsed] = tempfile.mkdtemp()


def pytest_unconfigure(config):
    if parsed in config.stash:
        shutil.rmtree(config.stash[parsed])


def pytest_collection_modifyitems(items):
    """The longest modules first, so that no process waits for one at the end."""
    longest = ["test_engines", "test_identity", "test_bad_input", "test_point_in_time", "test_loaders"]
    rank = {name: position for position, name in enumerate(longest)}
    items.sort(key=lambda item: rank.get(item.module.__name__, len(rank)))


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]):
    """What `make` returns for a folder of its own; made by the first process that asks, then read by the others."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"shared_{name}"
    folder.mkdir(exist_ok=True)
    made = folder / "made.pickle"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            made.write_bytes(pickle.dumps(make(folder)))
    return pickle.loads(made.read_bytes())


@pytest.fixture(scope="session")
def sample_raw(tmp_path_factory) -> Raw:
    """The raw sample: Online Retail with its cancellations, as make sample writes it."""
    from converters import online_retail

    def make(folder: Path) -> Raw:
        online_retail.convert(folder / "raw")
        return Raw(folder / "raw")

    return once(tmp_path_factory, "sample_raw", make)


@pytest.fixture(scope="session")
def sample(sample_raw, tmp_path_factory) -> Warehouse:
    """The sample's warehouse, built with all dbt tests."""
    return once(tmp_path_factory, "sample", lambda folder: build(sample_raw, folder, with_tests=True))


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Warehouse:
    """The small shop's warehouse, built with all dbt tests."""
    import small_shop

    def make(folder: Path) -> Warehouse:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PERENNIAL_SALT", small_shop.SALT)
            return build(small_shop.write(Raw(folder / "raw")), folder, with_tests=True)

    return once(tmp_path_factory, "small", make)


def simulate(folder: Path, **settings) -> Path:
    """The raw tables of a simulated shop with every system and every trap."""
    from simulator import shop
    from simulator.settings import Settings
    from simulator.systems import SYSTEMS

    shop.simulate(Settings(systems=tuple(SYSTEMS), out=folder / "raw", **settings))
    return folder / "raw"


def build_simulated(folder: Path, **settings) -> Simulated:
    """Its warehouse with live audiences, built without dbt tests but for the proof of the exports."""
    raw = simulate(folder, **settings)
    variables = known_truth(raw) | {"audiences_live": True}
    warehouse = build(raw, folder, variables)
    proof = run_dbt("test", "--select", "exports_are_safe", raw=raw, folder=folder, variables=variables)
    if proof.returncode:
        warehouse.failures.append(proof.stdout + proof.stderr)
    return Simulated(raw, warehouse, f"seed {settings['seed']}, trap rate {settings.get('trap_rate', 1)}")


def unseen_seed() -> int:
    """It follows the commit, so that no rule can be fitted to one shop."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    return int(commit.stdout[:7] or "7", 16)


@pytest.fixture(scope="session")
def simulated(tmp_path_factory) -> Simulated:
    """Twenty thousand people in three years."""
    return once(tmp_path_factory, "simulated", lambda folder: build_simulated(folder, customers=20_000, seed=7))


@pytest.fixture(scope="session")
def unseen(tmp_path_factory) -> Simulated:
    """Five thousand people of another seed, every trap twice as frequent."""
    return once(
        tmp_path_factory,
        "unseen",
        lambda folder: build_simulated(folder, customers=5_000, seed=unseen_seed(), trap_rate=2.0),
    )


@pytest.fixture
def raw(tmp_path) -> Raw:
    return Raw(tmp_path / "raw")


def sale(number: int, sold_at: str, amount: float, customer: str | None = "A", **more) -> tuple[dict, dict]:
    """A receipt with one line: (row of pos.sales, row of pos.sale_lines)."""
    head = {"sale_id": str(number), "store_id": "S1", "sold_at": sold_at, "loyalty_id": customer, "currency": "EUR"}
    line = {
        "sale_id": str(number),
        "store_id": "S1",
        "line_no": "1",
        "sku": "P1",
        "quantity": "1" if amount >= 0 else "-1",
        "unit_price": str(abs(amount)),
    }
    line.update({key: more.pop(key) for key in ("line_no", "sku", "quantity", "unit_price", "discount") if key in more})
    return head | more, line


def write_sales(raw: Raw, sales: Iterable[tuple[dict, dict]]) -> Raw:
    """Write receipts made with `sale`; rows may differ in columns."""
    for name, rows in zip(("pos.sales", "pos.sale_lines"), zip(*sales, strict=True), strict=True):
        columns = sorted({column for row in rows for column in row})
        raw.write(name, [{column: row.get(column) for column in columns} for row in rows])
    return raw
