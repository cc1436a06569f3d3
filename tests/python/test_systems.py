"""Any system may be missing: the same models and tests hold whichever systems there are.

Only the door reads the var `systems` (a test says so): it leaves the raw views of a system that is not there empty. So
the SQL that dbt compiled once for the small shop is run again here on emptied views, which costs seconds instead of a
build each.
"""

import json
import random
from importlib import import_module
from types import SimpleNamespace

import duckdb
import pytest
from conftest import ROOT, Warehouse
from test_negative_controls import nodes

from benchmarks.__main__ import MATERIALIZED, models_in_order
from simulator.systems import SYSTEMS

WITHOUT_ONE = [sorted(set(SYSTEMS) - {system}) for system in SYSTEMS]
CHANCE = random.Random(7)
RANDOM = [sorted(CHANCE.sample(sorted(SYSTEMS), CHANCE.randint(1, len(SYSTEMS) - 2))) for _ in range(10)]

# Figures that only these systems can tell; of several any one.
MESSAGING = {"braze", "klaviyo", "barilliance", "yotpo"}
TOLD_BY = {
    "on_time_delivery_rate": {"aftership"},
    "return_rate": {"aftership"},
    "self_service_return_rate": {"aftership"},
    "wismo_rate": {"gorgias"},
    "wismo_share": {"gorgias"},
    "first_response_rate": {"gorgias"},
    "closed_loop_rate": {"gorgias", "yotpo"},
    "proactive_notice_rate": MESSAGING,
    "unaddressed_exception_rate": MESSAGING,
    "promo_within_7d_of_bad_review": MESSAGING,
    "open_rate": MESSAGING,
    "opt_in_rate": MESSAGING | {"shopify"},
    "direct_visit_share": {"segment"},
    "tracking_visits_per_order": {"segment"},
    "subscription_churn_rate": {"recharge"},
}


def name(systems: list[str]) -> str:
    absent = sorted(set(SYSTEMS) - set(systems))
    return f"without {absent[0]}" if len(absent) == 1 else " ".join(systems)


def test_only_the_door_knows_the_systems():
    files = [path for folder in ("models", "macros", "tests") for path in (ROOT / folder).rglob("*.sql")]
    readers = {path.name for path in files if "var('systems')" in path.read_text()}
    assert readers == {"door.sql", "check_settings.sql"}


class Project:
    """The small shop's compiled models and tests, and its raw views and settings to run them on."""

    def __init__(self, small: Warehouse):
        self.small = small
        self.models = models_in_order(small.target.parent)
        self.tests = nodes(small.target, "test")
        manifest = json.loads((small.target / "manifest.json").read_text())
        self.system_of = {source["identifier"]: source["source_name"] for source in manifest["sources"].values()}
        self.relations = {
            node["name"]: f"{node['schema']}.{node['alias']}"
            for node in manifest["nodes"].values()
            if node["resource_type"] in ("model", "seed")
        }
        self.landed = {
            system for (system,) in small.sql("select distinct system from quality.row_accounting where raw_rows > 0")
        }

    def build(self, systems: list[str]) -> duckdb.DuckDBPyConnection:
        """A warehouse in memory of those systems."""
        connection = duckdb.connect()
        connection.execute("set timezone = 'UTC'; set variable perennial_salt = 'any'")
        connection.execute("attach ':memory:' as warehouse; use warehouse")
        connection.execute(f"attach '{self.small.database}' as built (read_only)")
        for schema in {"raw", "settings", *(model["schema"] for model in self.models)}:
            connection.execute(f"create schema {schema}")
        tables = "select schema_name, table_name from duckdb_tables() where database_name = 'built'"
        for schema, table in connection.execute(tables).fetchall():
            if schema == "settings":
                connection.execute(f"create table {schema}.{table} as from built.{schema}.{table}")
        views = "select view_name from duckdb_views() where database_name = 'built' and schema_name = 'raw'"
        for (view,) in connection.execute(views).fetchall():
            there = self.system_of[view] in systems
            connection.execute(f"create view raw.{view} as from built.raw.{view}" + ("" if there else " where false"))
        for model in self.models:
            relation = f"{model['schema']}.{model['alias']}"
            if model["config"]["materialized"] == "clusters":
                components(connection, relation, model["compiled_code"])
                continue
            if model["config"]["materialized"] == "strongest_paths":  # a first build has no merges
                pairs = model["compiled_code"]
                connection.execute(f"create table {relation} as select *, null::bigint as edge_rank from ({pairs})")
                assert connection.execute(f"select count(*) from {relation}").fetchone() == (0,)
                continue
            if model["language"] == "python":
                run_python(connection, relation, model, self.relations)
                continue
            kind = MATERIALIZED[model["config"]["materialized"]]
            connection.execute(f"create {kind} {relation} as {model['compiled_code']}")
        return connection


def run_python(connection: duckdb.DuckDBPyConnection, relation: str, model: dict, relations: dict[str, str]) -> None:
    """What dbt does with a Python model: its function is called, and the table that it returns is written."""
    module = import_module(model["original_file_path"].removesuffix(".py").replace("/", "."))
    dbt = SimpleNamespace(config=lambda **_: None, ref=lambda name: connection.sql(f"from {relations[name]}"))
    rows = module.model(dbt, connection)  # DuckDB finds it by its name
    connection.execute(f"create table {relation} as from rows")
    assert rows.num_rows


def components(connection: duckdb.DuckDBPyConnection, relation: str, edges: str) -> None:
    """What the materialisation clusters writes, but for the limits, which need dbt and are tested in test_identity."""
    parent = {}

    def root(node: int) -> int:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for one, other in connection.execute(f"select node_a, node_b from ({edges})").fetchall():
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    connection.execute(f"create table {relation} (node_id bigint, cluster_id bigint)")
    if parent:
        connection.executemany(f"insert into {relation} values (?, ?)", [(node, root(node)) for node in parent])


@pytest.fixture(scope="module")
def project(small) -> Project:
    return Project(small)


@pytest.mark.parametrize("systems", [*WITHOUT_ONE, *RANDOM], ids=name)
def test_any_systems_build(project, systems):
    with project.build(systems) as connection:
        found = {
            row[0] for row in connection.execute("select distinct source_name from marts.customer_records").fetchall()
        }
        assert found <= set(systems)
        raw = "select distinct system from quality.row_accounting where raw_rows > 0"
        assert {row[0] for row in connection.execute(raw).fetchall()} == set(systems) & project.landed
        silent = [metric for metric, told_by in TOLD_BY.items() if not told_by & set(systems)]
        spoken = (
            f"from marts.retention_scorecard where metric in {(*silent, '')} and reason is distinct from 'no_source'"
        )
        assert connection.execute(spoken).fetchall() == []
        bridges = connection.execute("select distinct vendor from marts.vendor_bridge").fetchall()
        assert "shopify" in systems or ("shopify",) not in bridges
        failed = [
            name
            for name, node in project.tests.items()
            if connection.execute(f"select count(*) from ({node['compiled_code']})").fetchone()[0]
        ]
        assert failed == []
