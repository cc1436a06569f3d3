"""The command line: python -m converters <data set> --out data/raw."""

import argparse
import logging
import sys
from pathlib import Path


def main(arguments: list[str] | None = None) -> int:
    """Convert one data set; print one line. Returns 0, or 2 with one sentence on stderr that says what to do."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        import duckdb
    except ModuleNotFoundError:
        print("The package duckdb is missing: run pip install duckdb.", file=sys.stderr)
        return 2
    from converters import cdnow, complete_journey, contract, online_retail, receipts

    options = parser(list(receipts.NAMES)).parse_args(arguments)
    try:
        match options.dataset:
            case "online_retail":
                written = online_retail.convert(options.out, options.positive_only)
            case "cdnow":
                written = cdnow.convert(options.which, options.out)
            case "complete_journey":
                written = complete_journey.convert(options.out)
            case "receipts":
                named = {role: getattr(options, f"{role}_column") for role in receipts.NAMES}
                columns = {role: name for role, name in named.items() if name}
                written = receipts.convert(
                    options.file, options.out, columns, options.timezone, options.currency, options.date_format
                )
    except (contract.ConversionError, duckdb.Error, OSError) as error:
        print(str(error).splitlines()[0], file=sys.stderr)
        return 2
    print(f"{options.dataset}: {written}")
    return 0


def parser(roles: list[str]) -> argparse.ArgumentParser:
    """The options of all data sets; `roles` are the columns of `receipts` that can be named."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--out", type=Path, default=Path("data/raw"), help="folder of the raw data (default: data/raw)")
    top = argparse.ArgumentParser(prog="python -m converters", description="Receipts as raw point-of-sale tables.")
    datasets = top.add_subparsers(dest="dataset", required=True, metavar="dataset")

    one = datasets.add_parser("online_retail", parents=[shared], help="a British wholesaler's invoices, 2010-2011")
    one.add_argument("--positive-only", action="store_true", help="only rows with a customer, quantity and price > 0")

    one = datasets.add_parser("cdnow", parents=[shared], help="CD purchases, 1997-1998")
    one.add_argument("which", choices=["sample", "master"])

    datasets.add_parser("complete_journey", parents=[shared], help="a grocery chain's baskets, 2017")

    one = datasets.add_parser("receipts", parents=[shared], help="your own list of receipts, as CSV")
    one.add_argument("file", type=Path)
    for role in roles:
        one.add_argument(f"--{role.replace('_', '-')}-column", dest=f"{role}_column", metavar="NAME")
    one.add_argument("--timezone", help="IANA zone of the store's clock, such as Europe/London")
    one.add_argument("--currency", help="ISO 4217 code of amounts without one, such as EUR")
    one.add_argument("--date-format", help="how dates are written if not year first, such as %%d/%%m/%%Y")
    return top


if __name__ == "__main__":
    sys.exit(main())
