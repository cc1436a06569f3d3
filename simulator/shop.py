"""A block of people from end to end (lives, life tables, raw tables, truth), and a shop as its blocks."""

import shutil
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from simulator import orders, people, systems, truth
from simulator.catalogue import Calendar
from simulator.draws import Draws
from simulator.loader import Delivery, macros
from simulator.marketing import add_marketing, add_web
from simulator.service import add_service
from simulator.settings import BLOCK, Mistake, Settings
from simulator.tables import Life, add_always

MARK = Path("truth", "settings.parquet")
GROUPS: dict[str, Callable[[Life], None]] = {"service": add_service, "marketing": add_marketing, "web": add_web}


class Done(NamedTuple):
    """What a block came to: people, seconds, rows by `system.table`, rows by (system, table, fate)."""

    block: int
    people: int
    seconds: float
    rows: dict[str, int]
    counts: list[tuple[str, str, str, int]]


def live(settings: Settings, block: int) -> Life:
    """The lives of one block of people as life tables; `need` adds the groups beside the ones always there."""
    draws, calendar = Draws(settings.seed), Calendar(settings)
    who = people.people(settings, draws, calendar, block)
    life = Life(settings, draws, calendar, who, orders.trade(settings, draws, calendar, who))
    add_always(life)
    life.con.execute(macros(settings))
    return life


def need(life: Life, groups: tuple[str, ...]) -> None:
    for group in groups:
        if group not in life.groups:
            GROUPS[group](life)
            life.groups.add(group)


def simulate_block(settings: Settings, block: int, is_only: bool) -> Done:
    """Simulate a block and write its part of every table."""
    started = time.perf_counter()
    part = "" if is_only else f"part-{block:05d}"
    life = live(settings, block)
    rows = {}
    for system in settings.systems:
        writer = systems.module(system)
        need(life, writer.NEEDS)
        delivery = Delivery(settings, life, system, settings.out / system, part, is_first=block == 0)
        writer.write(delivery)
        rows |= {f"{system}.{table}": count for table, count in delivery.rows.items()}
    truth.add_truth(life, settings.systems)
    rows["truth"] = truth.write_truth(life, settings.out / "truth", part)
    counts = life.con.execute("select * from raw_counts").fetchall()
    life.con.close()
    return Done(block, life.who.size(), time.perf_counter() - started, rows, counts)


def clear(settings: Settings) -> None:
    """Remove what an earlier run wrote, and nothing else; that run is known by its truth/settings.parquet."""
    told = settings.out / MARK
    written = pq.read_table(told).column("systems")[0].as_py().split(",") if told.exists() else []
    for name in (*settings.systems, "truth"):
        if (settings.out / name).exists() and name not in (*written, *(["truth"] if written else [])):
            raise Mistake(
                f"{settings.out / name} holds files that no simulator wrote: move them, or choose another --out."
            )
    for name in (*written, "truth"):
        shutil.rmtree(settings.out / name, ignore_errors=True)


def simulate(settings: Settings, progress: Callable[[Done, int], None] = lambda done, blocks: None) -> list[Done]:
    """The whole shop; blocks do not depend on each other."""
    clear(settings)
    mark(settings)
    blocks = -(-people.population(settings, Calendar(settings)) // BLOCK)
    finished = []
    if blocks == 1 or settings.workers == 1:
        for block in range(blocks):
            finished.append(simulate_block(settings, block, blocks == 1))
            progress(finished[-1], blocks)
    else:
        with ProcessPoolExecutor(settings.workers, mp_context=get_context("spawn")) as pool:
            jobs = [pool.submit(simulate_block, settings, block, False) for block in range(blocks)]
            for job in jobs:
                finished.append(job.result())
                progress(finished[-1], blocks)
    summarise(settings, finished)
    return finished


def mark(settings: Settings) -> None:
    """truth/settings.parquet: the arguments, and the sign that this folder is ours."""
    told = {
        "customers": settings.customers, "seed": settings.seed, "as_of": settings.as_of, "start": settings.start,
        "scene_day": settings.scene_day, "loader_since": settings.loader_since, "trap_rate": settings.trap_rate,
        "systems": ",".join(settings.systems), "shopify_loader": settings.shopify_loader,
        "plain_lives": settings.plain_lives, "seasons": settings.seasons, "reactions": settings.reactions,
    }  # fmt: skip
    path = settings.out / MARK
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([told]), path, compression="zstd")


def summarise(settings: Settings, finished: list[Done]) -> None:
    """truth/raw_counts.parquet over all blocks."""
    totals: dict[tuple[str, str, str], int] = {}
    for done in finished:
        for system, table, fate, count in done.counts:
            totals[system, table, fate] = totals.get((system, table, fate), 0) + count
    rows = [
        {"system": system, "table_name": table, "fate": fate, "rows": count}
        for (system, table, fate), count in sorted(totals.items())
    ]
    pq.write_table(pa.Table.from_pylist(rows), settings.out / "truth" / "raw_counts.parquet", compression="zstd")
