"""The raw contract of the point of sale, and the one way of writing it."""

from dataclasses import dataclass, field
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parent.parent

NUMBER = "decimal(18, 4)"
SALES = {
    "sale_id": "varchar",
    "store_id": "varchar",
    "register_id": "varchar",
    "sold_at": "timestamp",  # wall clock of the store, without a zone
    "store_timezone": "varchar",  # IANA name; null: the reporting zone
    "customer_email": "varchar",
    "customer_phone": "varchar",
    "loyalty_id": "varchar",
    "currency": "varchar",  # ISO 4217
    "country_code": "varchar",  # ISO 3166 alpha-2
    "original_sale_id": "varchar",  # on a return: the sale it takes back
    "_loaded_at": "timestamp",
}
SALE_LINES = {
    "sale_id": "varchar",
    "store_id": "varchar",
    "line_no": "integer",
    "sku": "varchar",
    "description": "varchar",
    "quantity": NUMBER,  # negative on returns
    "unit_price": NUMBER,
    "discount": NUMBER,  # positive: taken off the whole line
    "_loaded_at": "timestamp",
}


class ConversionError(Exception):
    """Why there is no output and what to do about it, in one sentence."""


@dataclass(frozen=True)
class Written:
    """What a conversion wrote: the folder, the rows of both tables, and how many values of a column stayed text."""

    folder: Path
    sales: int
    lines: int
    as_text: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        passed_on = ", ".join(f"{count} {column}" for column, count in self.as_text.items())
        return f"{self.sales:,} sales with {self.lines:,} lines in {self.folder}" + (
            f" (passed on as text: {passed_on})" if passed_on else ""
        )


def connect() -> duckdb.DuckDBPyConnection:
    """An empty database in memory that never fills the disk with what does not fit."""
    return duckdb.connect(config={"max_temp_directory_size": "4GB"})


def write(connection: duckdb.DuckDBPyConnection, out: Path, sales: str, lines: str) -> Written:
    """
    Write the results of two queries as `<out>/pos/sales.parquet` and `<out>/pos/sale_lines.parquet`.

    A query gives any of the contract's columns; the others are written as nulls. Typed columns are cast to the
    contract's types. A text column becomes a number or a timestamp if each of its values does so exactly; if one
    does not, the column stays text, with that value as it came, for the warehouse to quarantine: nothing is
    dropped and nothing is rounded. Rows are sorted by all columns, so equal input gives equal files.

    Raises ConversionError if the folder cannot be written.
    """
    folder = Path(out) / "pos"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConversionError(f"{folder} cannot be made ({error.strerror}): choose another --out.") from error
    sales_count, unreadable_sales = _write_table(connection, folder / "sales.parquet", sales, SALES)
    lines_count, unreadable_lines = _write_table(connection, folder / "sale_lines.parquet", lines, SALE_LINES)
    return Written(folder, sales_count, lines_count, unreadable_sales | unreadable_lines)


def _write_table(connection, path: Path, query: str, contract: dict[str, str]) -> tuple[int, dict[str, int]]:
    relation = connection.sql(query)
    given = dict(zip(relation.columns, map(str, relation.types), strict=True))
    doubtful = [name for name, wanted in contract.items() if given.get(name) == "VARCHAR" and wanted != "varchar"]
    unreadable = {}
    if doubtful:
        counts = ", ".join(f"count({name}) filter (not {_fits(name, contract[name])})" for name in doubtful)
        found = connection.execute(f"select {counts} from ({query})").fetchone()
        unreadable = {name: count for name, count in zip(doubtful, found, strict=True) if count}

    def column(name: str, wanted: str) -> str:
        if name not in given:
            return f"null::{wanted} as {name}"
        if name in unreadable:
            return f"case when {_fits(name, wanted)} then {name}::{wanted}::varchar else {name} end as {name}"
        return f"{name}::{wanted} as {name}"

    columns = ", ".join(column(name, wanted) for name, wanted in contract.items())
    (count,) = connection.execute(
        f"copy (select {columns} from ({query}) order by all) to {literal(path)} (format parquet, compression zstd)"
    ).fetchone()
    return count, unreadable


def _fits(column: str, wanted: str) -> str:
    """An SQL condition: whether the text becomes the wanted type without loss. (Infinity is a DuckDB timestamp.)"""
    if wanted == "timestamp":
        return f"coalesce(isfinite(try_cast({column} as timestamp)), false)"
    return f"coalesce(try_cast({column} as {wanted}) = try_cast({column} as decimal(38, 18)), false)"


def literal(value: object) -> str:
    """The value's text as an SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"


def file(path: Path) -> str:
    """The path as an SQL literal that means this one file, even if its name has the signs of a pattern."""
    return literal("".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path)))
