"""
The command line: python -m lifetime [--target spark] [--vars ...].

For engines that run no Python model: reads the groups of customers from the built warehouse, fits the lifetime models
as the build does on DuckDB, and writes seeds/clv_parameters.csv, which the next build scores with.
"""

import argparse
import csv
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
from dbt.cli.main import dbtRunner

from models.intermediate.lifetime.int_lifetime__fits import SCHEMA, fits

ROOT = Path(__file__).resolve().parent.parent
GROUPS = ("int_lifetime__purchase_groups", "int_lifetime__spend_groups", "int_lifetime__renewal_groups")


class NothingToFit(Exception):
    """The warehouse could not be read; the text says what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Returns 0, or 2 with a sentence on stderr that says what to do."""
    parser = argparse.ArgumentParser(prog="python -m lifetime", description="Fit the lifetime models into a seed.")
    parser.add_argument("--target", help="the target of profiles.yml that the warehouse was built on")
    parser.add_argument("--vars", default="{}", help="the vars that it was built with, as YAML")
    parser.add_argument("--seed", type=Path, default=ROOT / "seeds" / "clv_parameters.csv", help="where to write")
    options, more = parser.parse_known_args(arguments)
    flags = ["--vars", options.vars, *(["--target", options.target] if options.target else []), *more]
    try:
        groups = [table(name, flags) for name in GROUPS]
        thresholds = table("thresholds", flags).project("name, value").fetchall()
        (as_of,) = table("point_in_time", flags).project("as_of").fetchone()
    except NothingToFit as problem:
        print(f"The warehouse cannot be read, run dbt build first: {problem}", file=sys.stderr)
        return 2
    rows = fits(*groups, dict(thresholds), as_of)
    with options.seed.open("w", newline="") as file:
        writer = csv.DictWriter(file, SCHEMA.names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(
        f"{len(rows)} fits, {sum(row['is_reliable'] for row in rows)} of them reliable. Build again to score with them."
    )
    return 0


def table(name: str, flags: list[str]) -> duckdb.DuckDBPyRelation:
    """The rows of a model or seed. Raises NothingToFit with dbt's error."""
    query = f"select * from {{{{ ref('{name}') }}}}"
    done = dbtRunner().invoke(["show", "--quiet", "--inline", query, "--limit", "-1", "--output", "json", *flags])
    if not done.success:
        raise NothingToFit(done.exception or done.result.results[0].message)
    columns = done.result.results[0].agate_table.columns
    return duckdb.from_arrow(pa.table({column.name: list(map(plain, column.values())) for column in columns}))


def plain(value: object) -> object:
    return float(value) if isinstance(value, Decimal) else value


if __name__ == "__main__":
    sys.exit(main())
