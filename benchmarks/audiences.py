"""The cost of the audiences of a million customers, and whether three readers of their exports agree for thirty days.

The million is synthetic: the simulated shop's marts many times over, each time as other people. Marts, seeds and the
state of the day before being there, the models of the audiences run on a first day, and on a second one, which finds
their log, their arms and a campaign's window at its end. For the thirty days a simulated shop is built once, as of the
last; then its audiences are, day by day, from the first: readers are what is tried, not decisions.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from benchmarks.identity import node_seconds

ROOT = Path(__file__).resolve().parent.parent
MODELS = (
    "--select",
    "path:models/audiences",
    "path:models/state/audience_arms.sql",
    "path:models/state/audience_log.sql",
)
SHARED = ("product_id", "variant_id", "store_id")  # what is the same for everybody
DAYS, LAST_DAY, PEOPLE = 30, date(2025, 12, 31), 2_000
VARIABLES = {"audiences_live": True}


@dataclass
class Cost:
    """Seconds of the models by name and of the whole command, on a first day and on the next one; rows of both."""

    customers: int
    decisions: int
    members: int
    days: list[dict[str, float]]
    walls: list[float]
    memory: float


@dataclass
class Readers:
    """How many changes, by kind, three readers agreed on."""

    people: int
    days: int
    members: int
    changes: dict[str, int]


def multiply(database: Path, manifest: dict, customers: int) -> int:
    """Copy what the audiences read until there are so many customers; how many there are."""
    nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    ours = {key for key, node in nodes.items() if node["original_file_path"].startswith("models/audiences")}
    read = {parent for key in ours for parent in nodes[key]["depends_on"]["nodes"] if parent in nodes} - ours
    with duckdb.connect(str(database)) as connection:
        connection.execute("set preserve_insertion_order = false")
        ((there,),) = connection.execute("select count(*) from marts.customers").fetchall()
        copies = -(-customers // there)
        for node in (nodes[key] for key in sorted(read)):
            name = f"{node['schema']}.{node['alias']}"
            columns = [
                column
                for column, kind in connection.execute(
                    "select column_name, data_type from duckdb_columns() where schema_name = $1 and table_name = $2",
                    [node["schema"], node["alias"]],
                ).fetchall()
                if kind == "VARCHAR" and column not in SHARED and (column.endswith("_id") or column == "email")
            ]
            is_table = connection.execute(
                "select 1 from duckdb_tables() where schema_name = $1 and table_name = $2",
                [node["schema"], node["alias"]],
            ).fetchall()
            if columns and is_table:
                others = ", ".join(f"{column} || '~' || copy as {column}" for column in columns)
                connection.execute(
                    f"insert into {name} select * exclude (copy) replace ({others})"
                    f" from {name}, range(1, {copies}) as copies (copy)"
                )
        return connection.execute("select count(*) from marts.customers").fetchall()[0][0]


def measure(customers: int, shop: Path, folder: Path, build: Callable) -> Cost:
    """The audiences of so many customers, made of the shop that was built in a folder of its own."""
    folder.mkdir(parents=True)
    (folder / "raw").symlink_to(shop / "raw")
    database = folder / "perennial.duckdb"
    shutil.copy(shop / "perennial.duckdb", database)
    manifest = json.loads((shop / "target" / "manifest.json").read_text())
    with duckdb.connect(str(database)) as connection:
        for table in ("audience_arms", "audience_log"):
            connection.execute(f"delete from state.{table}")
    customers = multiply(database, manifest, customers)
    days, usages = [], []
    for _ in range(2):
        usages.append(build(folder, *MODELS, "--vars", json.dumps(VARIABLES)))
        days.append(node_seconds(folder))
        with duckdb.connect(str(database)) as connection:
            # A month later, as far as what was written is concerned.
            connection.execute("update state.audience_arms set assigned_at = assigned_at - interval 30 day")
            connection.execute("update state.audience_log set changed_at = changed_at - interval 1 day")
            counts = [
                connection.execute(f"select count(*) from audiences.{table}").fetchall()[0][0]
                for table in ("audience_decisions", "audience_members")
            ]
    return Cost(customers, *counts, days, [each.wall for each in usages], max(each.memory for each in usages))


def read_all(connection: duckdb.DuckDBPyConnection, name: str) -> list[dict]:
    result = connection.execute(f"from audiences.{name}")
    columns = [column[0] for column in result.description]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def follow(folder: Path, simulate: Callable, build: Callable, progress: Callable[[str], None]) -> Readers:
    """Raises AssertionError when a reader of the cursor or Braze has other members than the mirror."""
    simulate(PEOPLE, folder / "raw")
    build(folder)
    by_cursor, by_braze, seen, counts = {}, {}, set(), {"add": 0, "update": 0, "remove": 0}
    for number in range(DAYS):
        day = LAST_DAY - timedelta(DAYS - 1 - number)
        build(folder, *MODELS, "point_in_time", "--vars", json.dumps(VARIABLES | {"as_of": str(day)}))
        with duckdb.connect(str(folder / "perennial.duckdb"), read_only=True) as connection:
            mirror = read_all(connection, "export_mirror")
            for known, name, key, moved in (
                (by_cursor, "export_cursor", "audience_member_id", "updated_at"),
                (by_braze, "export_braze_cdi", "EXTERNAL_ID", "UPDATED_AT"),
            ):
                newest = max((row[moved] for row in known.values()), default=datetime.min)
                known |= {row[key]: row for row in read_all(connection, name) if row[moved] >= newest}
            for row in read_all(connection, "audience_changes"):
                if row["change_id"] not in seen:
                    seen.add(row["change_id"])
                    counts[row["change"]] += 1
        members = {(row["audience"], row["customer_id"]) for row in mirror}
        cursor = {(row["audience"], row["customer_id"]) for row in by_cursor.values() if row["is_member"]}
        assert cursor == members, f"{day}: the cursor's reader has other members"
        profiles = {
            (row["external_id"], row["audience"])
            for row in mirror
            if row["external_id"] and row["channel"] != "helpdesk"
        }
        braze = {
            (profile, audience)
            for profile, row in by_braze.items()
            for audience in json.loads(row["PAYLOAD"])["perennial_audiences"]
        }
        assert braze == profiles, f"{day}: Braze has other members"
        progress(f"{day}: {len(members):,} members")
    return Readers(PEOPLE, DAYS, len(members), counts)


def report(cost: Cost, readers: Readers) -> list[str]:
    first, second = cost.days
    slowest = sorted(second, key=second.get, reverse=True)[:8]
    changes = ", ".join(f"{count:,} of {change}" for change, count in readers.changes.items())
    return [
        "",
        f"## The audiences of {cost.customers:,} customers",
        "",
        f"Synthetic: the simulated shop many times over. {cost.decisions:,} decisions, {cost.members:,} members. With"
        f" dbt {cost.walls[0]:.0f} s on the first day and {cost.walls[1]:.0f} s on the next, at a peak of"
        f" {cost.memory:,.0f} MB.",
        "",
        "| model | first day s | next day s |",
        "|---|---:|---:|",
        *(f"| {model} | {first.get(model, 0):.1f} | {second[model]:.1f} |" for model in slowest),
        "",
        f"{readers.days} successive days of a simulated shop of {readers.people:,}: readers of the"
        f" mirror, of the cursor and of Braze's rows had the same members every day, {readers.members:,} at the end,"
        f" over {changes}.",
    ]
