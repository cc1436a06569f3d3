"""The models of the audiences on rows of a test: their SQL as dbt compiled it, run in memory on a world.

A world is a dict of lists of rows, named as the tables that the models read, with as_of, cut_at and salt. What a world
does not name is an empty table.
"""

import re
from collections.abc import Callable, Iterable

import duckdb
import pyarrow
from conftest import Warehouse

MODELS = (
    "audience_settings", "audience_standing", "audience_out_of_place", "audience_qualified", "audience_routes",
    "audience_suppressions", "audience_screened", "audience_assignments", "audience_sending_windows",
    "audience_entrants", "audience_contenders", "audience_decisions",
)  # fmt: skip
MEMORY = ("audience_arms", "audience_log")
DECIDED = (
    "stage", "outcome", "outcome_reason", "channel", "winner_audience", "offer", "counts_as", "send_not_before",
    "expires_at", "expected_value",
)  # fmt: skip
TABLE = re.compile(r'"(\w+)"\."(\w+)"\."(\w+)"')


class AudienceModels:
    """Their SQL, with the tables that it reads as a built warehouse types them."""

    def __init__(self, compiled: Warehouse):
        folder = compiled.target / "compiled" / "perennial" / "models"
        self.sql = {
            # dbt keeps what a unit test took the model for below the test's file.
            path.stem: path.read_text()
            for part in ("audiences", "state")
            for path in (folder / part).rglob("*.sql")
            if path.parent.suffix != ".yml" and path.stem in (*MODELS, *MEMORY)
        }
        read = {name for text in self.sql.values() for name in TABLE.findall(text)}
        ((self.catalog,),) = {(catalog,) for catalog, _, _ in read}
        self.tables = {table: schema for _, schema, table in read if table not in self.sql}
        self.types = {table: {} for table in self.tables}
        with duckdb.connect(str(compiled.database), read_only=True) as connection:
            for schema, table, column, kind in connection.execute(
                "select table_schema, table_name, column_name, data_type from information_schema.columns"
                " order by ordinal_position"
            ).fetchall():
                if self.tables.get(table) == schema:
                    self.types[table][column] = kind

    def run(self, world: dict, *models: str, change: Callable[[str, str], str] | None = None) -> "Run":
        """Make the models, in the order given; `change` takes a model's name and SQL and gives the SQL that is run."""
        connection = duckdb.connect()
        connection.execute(f"attach ':memory:' as {self.catalog}; use {self.catalog}; set timezone = 'UTC'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute("set variable perennial_salt = $1", [world["salt"]])
        for schema in sorted({"audiences", "state", *self.tables.values()}):
            connection.execute(f"create schema if not exists {schema}")
        point_in_time = {"as_of": world["as_of"], "cut_at": world["cut_at"], "reporting_timezone": "UTC"}
        rows_of = {**world, "point_in_time": [point_in_time]}
        for table, schema in self.tables.items():
            fill(connection, f"{schema}.{table}", self.types[table], rows_of.get(table, ()))
        for model in models or MODELS:
            text = change(model, self.sql[model]) if change else self.sql[model]
            schema = "state" if model in MEMORY else "audiences"
            connection.execute(f"create table {schema}.{model} as {text}")
        return Run(connection)


def fill(connection: duckdb.DuckDBPyConnection, name: str, types: dict[str, str], rows: Iterable[dict]) -> None:
    """Make a table of rows; columns that a row leaves out are null, and those that no row has are of no matter."""
    columns = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
    connection.execute(f"create table {name} ({columns})")
    rows = list(rows)
    if rows:
        unknown = set().union(*rows) - set(types)
        assert not unknown, f"{name} has no {unknown}"
        given = pyarrow.table({column: pyarrow.array([row.get(column) for row in rows]) for column in types})
        connection.register("given", given)
        connection.execute(f"insert into {name} from given")
        connection.unregister("given")


class Run:
    """What the models made of a world."""

    def __init__(self, connection: duckdb.DuckDBPyConnection):
        self.connection = connection

    def rows(self, query: str) -> list[dict]:
        result = self.connection.execute(query)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def decisions(self) -> dict[tuple[str, str], dict]:
        rows = self.rows("from audiences.audience_decisions")
        found = {(row["audience"], row["customer_id"]): row for row in rows}
        assert len(found) == len(rows)
        return found
