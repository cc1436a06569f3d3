"""The command line: python -m tests.expectations --out data_docs."""

import argparse
import os
import sys
from pathlib import Path

import duckdb

from tests.expectations import marts, raw_pos, raw_shopify
from tests.expectations.run import validate


def main(arguments: list[str] | None = None) -> int:
    """Write the pages, print what is not as expected. Returns 0, 1 if anything is not, 2 if it could not be asked."""
    parser = argparse.ArgumentParser(prog="python -m tests.expectations", description="What the data looks like.")
    parser.add_argument("--out", type=Path, default=Path("data_docs"), help="folder of the pages (default: data_docs)")
    options = parser.parse_args(arguments)
    database = os.environ.get("PERENNIAL_DB", "perennial.duckdb")
    if not Path(database).is_file():
        print(f"There is no warehouse at {database}: run make build, or set PERENNIAL_DB.", file=sys.stderr)
        return 2
    suites = (*raw_pos.SUITES, *raw_shopify.SUITES, *marts.SUITES)
    try:
        with duckdb.connect(database, read_only=True) as connection:
            outcomes = validate(connection, suites, options.out)
    except FileExistsError as error:
        print(error, file=sys.stderr)
        return 2
    for outcome in outcomes:
        state = "no rows" if outcome.is_absent else "not as expected" if outcome.broken else "as expected"
        print(f"{outcome.suite.name:32} {state}")
        for expect in outcome.suite.expects:
            if expect.column in outcome.broken:
                print(f"    {expect.column}: {expect.describe()}")
    print(f"open {options.out / 'index.html'}")
    return int(any(outcome.broken for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
