"""Models on rows of a test: their SQL as dbt compiled it, run in order in memory."""

from collections.abc import Iterable

import duckdb
import pyarrow
from conftest import Warehouse


def fill(connection: duckdb.DuckDBPyConnection, name: str, types: dict[str, str], rows: Iterable[dict]) -> None:
    """Make a table of rows in the place of one of that name; columns that a row leaves out are null."""
    columns = ", ".join(f'"{column}" {kind}' for column, kind in types.items())
    connection.execute(f"create or replace table {name} ({columns})")
    rows = list(rows)
    if rows:
        given = pyarrow.table({column: pyarrow.array([row.get(column) for row in rows]) for column in types})
        connection.register("given", given)
        connection.execute(f"insert into {name} from given")
        connection.unregister("given")


class CompiledModels:
    """A database named as the compiled SQL names it; `run` makes the tables of models from those before them."""

    def __init__(self, compiled: Warehouse):
        """`compiled`: any built warehouse; only its compiled SQL is read."""
        self.folder = compiled.target / "compiled" / "perennial" / "models"
        self.connection = duckdb.connect()
        self.connection.execute("attach ':memory:' as warehouse; use warehouse; set timezone = 'UTC'")
        for schema in ("raw", "settings", "staging", "intermediate", "marts", "audiences"):
            self.connection.execute(f"create schema {schema}")

    def table(self, name: str, types: dict[str, str], rows: Iterable[dict]) -> None:
        """Make `schema.table` of rows; columns that a row leaves out are null."""
        fill(self.connection, name, types, rows)

    def run(self, *models: str) -> "CompiledModels":
        for model in models:
            # dbt keeps what a unit test took the model for below the test's file.
            (path,) = (found for found in self.folder.rglob(f"{model}.sql") if found.parent.suffix != ".yml")
            layer = path.relative_to(self.folder).parts[0]
            self.connection.execute(f"create or replace table {layer}.{model} as {path.read_text()}")
        return self

    def rows(self, query: str) -> list[dict]:
        result = self.connection.execute(query)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
