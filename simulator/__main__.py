"""The command line: python -m simulator --customers 2000 --seed 7 --as-of 2025-12-31 --out data/raw."""

import argparse
import sys
import time
from datetime import date
from pathlib import Path

from simulator.settings import HORIZON, TRAPS, Mistake, Settings
from simulator.systems import SYSTEMS


def main(arguments: list[str] | None = None) -> int:
    """Simulate a shop; prints a line per block of people and a summary. Returns 0, or 2 with one sentence on stderr."""
    try:
        from simulator import shop
    except ModuleNotFoundError as error:
        print(f"The package {error.name} is missing: run pip install numpy pyarrow duckdb.", file=sys.stderr)
        return 2
    started = time.perf_counter()

    def progress(done: shop.Done, blocks: int) -> None:
        if sys.stderr.isatty() and blocks > 1:
            total = sum(done.rows.values())
            print(
                f"  {time.perf_counter() - started:6.1f} s  block {done.block + 1} of {blocks}:"
                f" {done.people:,} people, {total:,} rows",
                file=sys.stderr,
            )

    try:
        settings = read(parser().parse_args(arguments))
        finished = shop.simulate(settings, progress)
    except Mistake as mistake:
        print(mistake, file=sys.stderr)
        return 2
    totals: dict[str, int] = {}
    for done in finished:
        for table, count in done.rows.items():
            totals[table] = totals.get(table, 0) + count
    width = max(map(len, totals))
    for table in sorted(totals):
        print(f"  {table:<{width}} {totals[table]:>12,}")
    people = sum(done.people for done in finished)
    print(f"{people:,} people until {settings.as_of} in {settings.out}, {time.perf_counter() - started:.1f} s")
    return 0


def read(options: argparse.Namespace) -> Settings:
    """The settings that the arguments mean; raises Mistake."""
    chosen = tuple(name.strip() for name in options.systems.split(",") if name.strip())
    unknown = [name for name in chosen if name not in SYSTEMS]
    if unknown or not chosen:
        raise Mistake(f"--systems takes names from {', '.join(SYSTEMS)}; {', '.join(unknown) or 'nothing'} is not one.")
    if options.customers < 100:
        raise Mistake("--customers must be 100 or more.")
    if not options.start < options.as_of <= HORIZON:
        raise Mistake(f"--as-of must lie after --start ({options.start}) and not after {HORIZON}.")
    if options.trap_rate < 0:
        raise Mistake("--trap-rate must be 0 or more: it multiplies the rate of every trap.")
    if options.seed < 0:
        raise Mistake("--seed must be 0 or more.")
    rates = {}
    for text in options.trap:
        name, _, value = text.partition("=")
        try:
            rates[name] = float(value)
        except ValueError:
            raise Mistake(f"--trap takes name=rate, such as tombstone=0.01; {text} is not that.") from None
        if name not in TRAPS or not 0 <= rates[name] <= 1:
            raise Mistake(f"--trap {text}: the rate must be between 0 and 1 and the name one of {', '.join(TRAPS)}.")
    return Settings(
        customers=options.customers,
        seed=options.seed,
        as_of=options.as_of,
        out=options.out,
        systems=chosen,
        start=options.start,
        scene_day=options.scene_day,
        loader_since=options.loader_since,
        shopify_loader=options.shopify_loader,
        trap_rate=options.trap_rate,
        trap_rates=rates,
        seasons=not options.no_seasons,
        reactions=not options.no_reactions,
        plain_lives=options.plain_lives,
        workers=max(options.workers, 1),
    )


def parser() -> argparse.ArgumentParser:
    defaults = Settings()
    found = argparse.ArgumentParser(
        prog="python -m simulator", description="A simulated shop with its truth beside it."
    )
    add = found.add_argument
    add(
        "--customers",
        type=int,
        default=defaults.customers,
        help="people by the third anniversary of --start; later days bring more",
    )
    add("--seed", type=int, default=defaults.seed, help="another number is another shop")
    add(
        "--as-of",
        type=date.fromisoformat,
        default=defaults.as_of,
        help="last day; a later one is the same shop with more days",
    )
    add("--out", type=Path, default=defaults.out, help="folder of the raw data (default: data/raw)")
    add("--systems", default=",".join(defaults.systems), help="comma-separated (default: all, %(default)s)")
    add("--trap-rate", type=float, default=1.0, help="multiplies the rate of every trap; 0 plants none")
    add("--trap", action="append", default=[], metavar="NAME=RATE", help="the rate of one trap; may be repeated")
    add(
        "--shopify-loader",
        choices=["airbyte", "fivetran"],
        default="airbyte",
        help="whose shape the Shopify tables have",
    )
    add("--start", type=date.fromisoformat, default=defaults.start, help="the shop's first day (default: %(default)s)")
    add(
        "--scene-day",
        type=date.fromisoformat,
        default=defaults.scene_day,
        help="the day around which the named people's stories are told",
    )
    add(
        "--loader-since",
        type=date.fromisoformat,
        default=defaults.loader_since,
        help="first load; it takes the whole history",
    )
    add(
        "--plain-lives",
        action="store_true",
        help="Poisson purchases, beta-geometric dropout and nothing else: BG/NBD to the letter",
    )
    add("--no-seasons", action="store_true", help="no seasons, no effect of promotions on how often people buy")
    add("--no-reactions", action="store_true", help="nobody minds a late parcel or a bad reply")
    add("--workers", type=int, default=defaults.workers, help="blocks of people at a time (default: %(default)s)")
    return found


if __name__ == "__main__":
    sys.exit(main())
