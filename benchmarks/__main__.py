"""Measure builds of the simulated shop and write BENCHMARKS.md.

Three figures per size, from one run on one machine, since only their ratios carry over to another:

* the whole `dbt build` without tests: wall, CPU and peak memory, per layer and its slowest nodes;
* the same models' compiled SQL in one DuckDB session without dbt, so that dbt's own cost is the difference;
* the floor: one DuckDB script that scans the raw columns that are declared and writes the same bytes, those of every
  table that the models write. What that costs for the marts alone stands beside it.
"""

import argparse
import itertools
import json
import math
import os
import platform
import re
import shutil
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks import audiences, identity, ledger, lifetime

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "benchmarks"
DBT = Path(sys.executable).parent / "dbt"
PUBLISHED = ("marts", "audiences", "quality")
MATERIALIZED = {"table": "table", "view": "view", "incremental": "table"}
ROUNDS = {"clusters", "strongest_paths"}  # materialisations that only dbt runs, as it does Python models


@dataclass
class Usage:
    """Wall and CPU seconds, and peak resident memory in MB, of one process."""

    wall: float
    cpu: float
    memory: float


def run(*command: str, **environment: str) -> Usage:
    """Run a command to its end and measure it; its output is shown only when it fails."""
    started = time.perf_counter()
    log = CACHE / "output.log"
    with log.open("wb") as output:
        pid = os.posix_spawn(
            command[0],
            command,
            os.environ | environment,
            file_actions=[(os.POSIX_SPAWN_DUP2, output.fileno(), 1), (os.POSIX_SPAWN_DUP2, output.fileno(), 2)],
        )
        _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"{' '.join(command)} failed:\n{log.read_text()}")
    return Usage(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def simulate(customers: int, folder: Path, *more: str) -> Usage:
    """The simulated shop of so many customers, always the same one; `more` are the simulator's arguments."""
    sizes = ("--customers", str(customers), "--seed", "7", "--out", str(folder))
    return run(sys.executable, "-m", "simulator", *sizes, *more)


def build(folder: Path, *more: str) -> Usage:
    """A dbt build of `folder/raw` into `folder/perennial.duckdb`, models and seeds only; `more` are dbt's arguments."""
    return run(
        str(DBT),
        "build",
        "--exclude-resource-type",
        "test",
        "--exclude-resource-type",
        "unit_test",
        "--target-path",
        str(folder / "target"),
        "--log-path",
        str(folder / "logs"),
        *more,
        PERENNIAL_RAW=str(folder / "raw"),
        PERENNIAL_DB=str(folder / "perennial.duckdb"),
        DBT_PROFILES_DIR=str(ROOT),
        DO_NOT_TRACK="1",
    )


def node_times(folder: Path) -> list[tuple[str, str, float]]:
    """(layer, node, seconds) of every model and seed of a build, slowest first."""
    manifest = json.loads((folder / "target" / "manifest.json").read_text())["nodes"]
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    times = []
    for result in results:
        node = manifest.get(result["unique_id"])
        if node:
            layer = node["path"].split("/")[0] if node["resource_type"] == "model" else "seeds"
            times.append((layer, node["name"], result["execution_time"]))
    return sorted(times, key=lambda entry: -entry[2])


def models_in_order(folder: Path) -> list[dict]:
    """The models of a build, each after those it reads."""
    manifest = json.loads((folder / "target" / "manifest.json").read_text())
    nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    ordered, seen = [], set()

    def visit(key: str) -> None:
        if key in nodes and key not in seen:
            seen.add(key)
            for parent in manifest["parent_map"][key]:
                visit(parent)
            ordered.append(nodes[key])

    for key in sorted(nodes):
        visit(key)
    return ordered


def accuracy(folder: Path) -> list[tuple[str, float, float]]:
    """(measure, by all identifiers, by e-mail only) of quality.identity_accuracy."""
    with duckdb.connect(str(folder / "perennial.duckdb"), read_only=True) as connection:
        return connection.execute("""
            select
                replace(measure, '_', ' '),
                max(value) filter (where method = 'all_identifiers'),
                max(value) filter (where method = 'email_only')
            from quality.identity_accuracy
            group by all
            order by all
        """).fetchall()


def run_sql(folder: Path) -> float:
    """Seconds that the compiled models take in one DuckDB session, seeds and raw views being there."""
    scratch = folder / "sql"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    # Compiled code names the database after its file, so this one has the same name in another folder.
    with duckdb.connect(str(scratch / "perennial.duckdb")) as connection:
        connection.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
        connection.execute("set variable perennial_salt = 'perennial'")
        connection.execute(f"attach '{folder / 'perennial.duckdb'}' as built (read_only)")
        connection.execute("create schema raw; create schema settings")
        views = "select sql from duckdb_views() where database_name = 'built' and schema_name = 'raw'"
        for (sql,) in connection.execute(views).fetchall():
            connection.execute(sql.replace("CREATE VIEW built.", "CREATE VIEW "))
        seeds = "select table_name from duckdb_tables() where database_name = 'built' and schema_name = 'settings'"
        for (table,) in connection.execute(seeds).fetchall():
            connection.execute(f"create table settings.{table} as from built.settings.{table}")
        models = models_in_order(folder)
        by_dbt = {
            model["name"]
            for model in models
            if model["config"]["materialized"] in ROUNDS or model["language"] == "python"
        }
        started = time.perf_counter()
        for schema in {model["schema"] for model in models}:
            connection.execute(f"create schema if not exists {schema}")
        for model in models:
            if model["name"] in by_dbt:  # its own time counts
                name = f'{model["schema"]}."{model["alias"]}"'
                connection.execute(f"create table {name} as from built.{name}")
                continue
            kind = MATERIALIZED[model["config"]["materialized"]]
            connection.execute(f'create {kind} {model["schema"]}."{model["alias"]}" as {model["compiled_code"]}')
        connection.execute("checkpoint")
        seconds = time.perf_counter() - started
    seconds += sum(node[2] for node in node_times(folder) if node[1] in by_dbt)
    shutil.rmtree(scratch)
    return seconds


@dataclass
class Floor:
    """Seconds to read every declared raw column once, to write the marts once, and to write all other tables."""

    read: float
    marts: float
    others: float


def floor(folder: Path) -> Floor:
    """The raw columns read once and every table of the build written once, without any thought between."""
    scratch = folder / "floor.duckdb"
    scratch.unlink(missing_ok=True)
    with duckdb.connect(str(scratch)) as connection:
        connection.execute("set timezone = 'UTC'; set preserve_insertion_order = false")
        connection.execute(f"attach '{folder / 'perennial.duckdb'}' as built (read_only)")
        raw = connection.execute(
            "select table_name, list(column_name) from duckdb_columns()"
            " where database_name = 'built' and schema_name = 'raw' group by all"
        ).fetchall()
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables()"
            " where database_name = 'built' and schema_name not in ('raw', 'settings')"
        ).fetchall()

        def write(chosen: list[tuple[str, str]]) -> float:
            started = time.perf_counter()
            for schema, table in chosen:
                connection.execute(f"create table {schema}_{table} as from built.{schema}.{table}")
            connection.execute("checkpoint")
            return time.perf_counter() - started

        started = time.perf_counter()
        for table, columns in raw:
            hashes = ", ".join(f'bit_xor(hash("{column}"))' for column in columns)
            connection.execute(f"select {hashes} from built.raw.{table}").fetchall()
        read = time.perf_counter() - started
        marts = [table for table in tables if table[0] in PUBLISHED]
        found = Floor(read, write(marts), write([table for table in tables if table not in marts]))
    scratch.unlink()
    return found


def make_shop(customers: int) -> tuple[Usage, Usage]:
    """The simulated shop and its warehouse in a folder of the cache; the usage of both."""
    folder = CACHE / str(customers)
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{customers:,} customers: simulating", flush=True)
    simulated = simulate(customers, folder / "raw")
    print(f"{customers:,} customers: simulated in {simulated.wall:.0f} s, building", flush=True)
    (folder / "perennial.duckdb").unlink(missing_ok=True)
    records = folder / "raw" / "truth" / "records"
    truth = f"read_parquet('{records / '*.parquet' if records.is_dir() else records.with_suffix('.parquet')}')"
    built = build(folder, "--vars", json.dumps({"custom_identity_truth": truth}))
    return simulated, built


def measure(customers: int) -> dict:
    """All figures of one size."""
    simulated, built = make_shop(customers)
    folder = CACHE / str(customers)
    print(f"{customers:,} customers: built in {built.wall:.0f} s, running the SQL alone", flush=True)
    return {
        "customers": customers,
        "simulated": simulated,
        "built": built,
        "nodes": node_times(folder),
        "accuracy": accuracy(folder),
        "sql": run_sql(folder),
        "floor": floor(folder),
    }


def report(sizes: list[dict]) -> str:
    """BENCHMARKS.md as text."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; the simulated shop, seed 7. Seconds differ from machine to machine, and by the hour",
        f"on a shared one: compare ratios. This run: {os.cpu_count()} cores, Python {platform.python_version()},"
        f" DuckDB {duckdb.__version__}.",
        "",
        "| customers | simulate s | peak MB | dbt build s | CPU s | peak MB | SQL s | floor s | ratio | marts alone |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for size in sizes:
        simulated, built, least = size["simulated"], size["built"], size["floor"]
        whole, published = least.read + least.marts + least.others, least.read + least.marts
        lines.append(
            f"| {size['customers']:,} | {simulated.wall:.1f} | {simulated.memory:,.0f} | {built.wall:.1f}"
            f" | {built.cpu:.1f} | {built.memory:,.0f} | {size['sql']:.1f} | {whole:.1f}"
            f" | {size['sql'] / whole:.1f} | {size['sql'] / published:.1f} |"
        )
    lines += [
        "",
        "`dbt build` is without tests. The SQL is the same models in one DuckDB session without dbt. The floor reads",
        "every raw column once and writes every table of the build once; `marts alone` is the ratio to one that writes",
        "only what is published.",
    ]
    for small, large in itertools.pairwise(sizes):
        growth = large["sql"] / small["sql"]
        n, m = small["customers"], large["customers"]
        bound = m * math.log(m) / (n * math.log(n))
        lines += [
            "",
            f"From {n:,} to {m:,} customers the SQL grows {growth:.1f} times (n log n: {bound:.1f}).",
        ]
    largest = sizes[-1]
    lines += ["", f"## Who is who at {largest['customers']:,}", "", "| measure | all identifiers | e-mail only |"]
    lines += [
        "|---|---:|---:|",
        *(f"| {name} | {ours:.4f} | {least:.4f} |" for name, ours, least in largest["accuracy"]),
    ]
    layers = defaultdict(lambda: [0, 0.0])
    for layer, _, seconds in largest["nodes"]:
        layers[layer][0] += 1
        layers[layer][1] += seconds
    lines += ["", f"## Where the time goes at {largest['customers']:,}", "", "| layer | nodes | s |", "|---|---:|---:|"]
    lines += [f"| {layer} | {count} | {seconds:.1f} |" for layer, (count, seconds) in sorted(layers.items())]
    lines += ["", "| slowest node | layer | s |", "|---|---|---:|"]
    lines += [f"| {name} | {layer} | {seconds:.1f} |" for layer, name, seconds in largest["nodes"][:10]]
    return "\n".join(lines) + "\n"


def empty(name: str) -> Path:
    """A folder of the cache for one section, which must make what it needs."""
    shutil.rmtree(CACHE / name, ignore_errors=True)
    return CACHE / name


def shops(arguments: argparse.Namespace) -> str:
    return report([measure(customers) for customers in sorted(arguments.customers)])


def matching(arguments: argparse.Namespace) -> str:
    print(f"matching {arguments.people:,} people", flush=True)
    folder = empty("identity")
    found = identity.measure(arguments.people, folder / "at_once", build)
    print(f"the arrival of {arguments.arriving:,} people on {identity.DAYS} days", flush=True)
    return "\n".join(identity.report(found, identity.arrive(arguments.arriving, folder / "by_day", build))) + "\n"


def lifetimes(arguments: argparse.Namespace) -> str:
    print(f"lifetime value of {arguments.people:,} customers", flush=True)
    return "\n".join(lifetime.report(lifetime.measure(arguments.people, empty("lifetime"), simulate, build))) + "\n"


def points(arguments: argparse.Namespace) -> str:
    print(f"the loyalty ledger of {arguments.members:,} members", flush=True)
    return "\n".join(ledger.report(ledger.measure(arguments.members, empty("ledger"), run, build))) + "\n"


def campaigns(arguments: argparse.Namespace) -> str:
    print(f"the audiences of {arguments.people:,} customers, then {audiences.DAYS} days of some", flush=True)
    folder, largest = empty("audiences"), max(arguments.customers)
    if not (CACHE / str(largest) / "perennial.duckdb").exists():
        make_shop(largest)
    cost = audiences.measure(arguments.people, CACHE / str(largest), folder / "many", build)
    return "\n".join(audiences.report(cost, audiences.follow(folder / "days", simulate, build, print))) + "\n"


SECTIONS = {
    "shops": shops,
    "identity": matching,
    "lifetime": lifetimes,
    "ledger": points,
    "audiences": campaigns,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000, 100_000], help="sizes, ascending")
    parser.add_argument(
        "--people", type=int, default=1_000_000, help="people to match, to fit lifetime value to, and to write to"
    )
    parser.add_argument("--arriving", type=int, default=20_000, help="people who arrive day by day")
    parser.add_argument("--members", type=int, default=1_000_000, help="members of loyalty programmes")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=list(SECTIONS), help="sections to measure anew")
    arguments = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    page = ROOT / "BENCHMARKS.md"
    _, *kept = re.split(r"<!-- (\w+) -->\n", page.read_text()) if page.exists() else [""]
    parts = dict(zip(kept[::2], kept[1::2], strict=True))
    for name in arguments.only:
        parts[name] = SECTIONS[name](arguments)
        page.write_text("".join(f"<!-- {each} -->\n{parts[each]}" for each in SECTIONS if each in parts))
        print(f"BENCHMARKS.md has {name}", flush=True)


if __name__ == "__main__":
    main()
