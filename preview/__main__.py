"""The command line: python -m preview [--json] [--vars '{systems: [pos]}']."""

import argparse
import json
import os
import sys
from pathlib import Path

import duckdb

from preview import compare, rebuild

# Cells of the report: before | after | what moves.
EVERYBODY = {
    "people": "{before:,}|{after:,}|{merged:,} merged into {merged_into:,}, {split:,} split into {split_into:,}",
    "records": "||{moved:,} to another person, {gained_a_person:,} gain one, {lost_their_person:,} lose theirs",
    "valid_orders": "{before:,}|{after:,}|{change_hands:,} change hands, {begin:,} begin to count, {cease:,} cease to",
    "net_revenue": "{before:,.2f}|{after:,.2f}|{changes_hands:,.2f} changes hands",
    "repeat_purchase_rate": "{before:.2%}|{after:.2%}|",
}
MEASURED = {
    "amount": "{before:,.2f}|{after:,.2f}|{people:,} people, by {moved:,.2f}",
    "consent": "{before:,}|{after:,}|{granted:,} granted, {withdrawn:,} withdrawn",
    "membership": "{before:,}|{after:,}|{enter:,} enter, {leave:,} leave",
}


def main(arguments: list[str] | None = None) -> int:
    """Print what the settings of the working tree would move in the live warehouse.

    Returns 0 whether or not something moves, or 2 with a sentence on stderr that says what to do.
    """
    parser = argparse.ArgumentParser(prog="python -m preview", description="What changed settings would move.")
    parser.add_argument("--json", action="store_true", help="figures and examples as JSON instead of text")
    parser.add_argument("--vars", default="{}", help="the vars that the live warehouse was built with, as YAML")
    options = parser.parse_args(arguments)
    live = Path(os.environ.get("PERENNIAL_DB") or "perennial.duckdb").resolve()
    try:
        with rebuild.rebuilt(live, options.vars) as copy:
            figures = compare.compare(live, copy)
    except rebuild.PreviewError as error:
        print(error, file=sys.stderr)
        return 2
    except (duckdb.Error, OSError) as error:
        print(f"The comparison failed, run it again: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    print(json.dumps(figures, indent=2) if options.json else report(figures))
    return 0


def report(figures: dict) -> str:
    """The figures of `compare.compare` as aligned text; one sentence if nothing moves."""
    seeds = [f"{name} +{each['added']} -{each['removed']} rows" for name, each in figures["settings"].items()]
    parts = [
        f"As of {figures['as_of']}, money in {figures['currency']}. Seeds that differ: {', '.join(seeds) or 'none'}."
    ]
    if figures["is_raw_data_newer"]:
        parts.append(
            "The raw data is not what the warehouse was built from and moves figures, too: run make build without the"
            " change."
        )
    if not figures["differs"]:
        return "\n".join([*parts, "Nothing moves: people, orders, values, consents and audiences stay as they are."])
    everybody = [["", "before", "after", ""]]
    everybody += [[name.replace("_", " "), *cells(row, figures[name])] for name, row in EVERYBODY.items()]
    for name, each in figures["measures"].items():
        everybody.append([name, *cells("||{absent}" if "absent" in each else MEASURED[each["kind"]], each)])
    parts += ["", table(everybody)]
    for what, arrow, others in (("merged", "<-", "before_ids"), ("split", "->", "after_ids")):
        examples = [
            [
                *cells("{customer_id}|{records:,}|{orders:,}|{net_revenue:,.2f}", each),
                f"{arrow} {' '.join(each[others])}",
            ]
            for each in figures["examples"][what]
        ]
        if examples:
            parts += ["", table([[what, "records", "orders", "revenue", ""], *examples])]
    return "\n".join(parts)


def cells(row: str, values: dict) -> list[str]:
    """The cells of a row of the report; one whose value is null is empty."""
    return ["" if None in values.values() else cell.format(**values) for cell in row.split("|")]


def table(rows: list[list[str]]) -> str:
    """Rows of text as aligned columns: the first and the last to the left, those between to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(w) for cell, w in zip(row[1:-1], widths[1:-1], strict=True)),
                row[-1],
            ]
        ).rstrip()
        for row in rows
    )


if __name__ == "__main__":
    sys.exit(main())
