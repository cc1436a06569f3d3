"""The cost of the loyalty ledger at ten million entries: the models against one SQL script that does just this.

The members are synthetic, of two programmes and three years: Talon.One tells when points become usable and when they
expire, Yotpo leaves it to rules. Their bookings stand where the build would put them: neither the systems' rows nor who
is who takes part. The script (ledger.sql) knows its rules by heart, has no scenarios and makes everything anew; what it
writes must be what the models write.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from benchmarks.identity import VARIABLES, node_seconds, prepare

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = Path(__file__).with_suffix(".sql")
MEMORY = "7GB"
ROUNDS = 2
SHARES = (0.01, 0.001)
MARTS = ("loyalty_entries", "loyalty_lots", "loyalty_balance_history")
MODELS = (  # what stands between the bookings and the marts
    "--select", *(f"int_loyalty_bookings__unioned+,+{mart}" for mart in MARTS),
    "--exclude", "int_loyalty_bookings__unioned",
)  # fmt: skip
RESULTS = ("moves", *MARTS)
MOVES = """
    select lots.lot_id, moves.booking_id, moves.kind, moves.moved_at, moves.points
    from intermediate.int_loyalty__moves as moves
    inner join intermediate.int_loyalty__members as members on moves.member_no = members.member_no
    left join intermediate.int_loyalty__lots as lots on moves.member_no = lots.member_no and moves.lot_no = lots.lot_no
    where members.scenario = 'live'
"""

# Three to seventeen visits of a member, of which three in ten would spend; who has too little earns instead, but
# for a few. One member in eight has an order that goes back, one in fifty a correction, one in a hundred lots of mixed
# validity.
BOOKINGS = """
    create temp table visits as
    with people as (
        select
            member, hash(member, 1) % 100 < 60 as is_talon_one, hash(member, 2) % 100 = 0 as is_mixed,
            hash(member, 3) % 900 as enrolled_after, 3 + hash(member, 4) % 15 as visits
        from range({members}) as people (member)
    ),
    chances as (
        select
            people.*, visit,
            timestamp '2023-01-01'
            + to_seconds((enrolled_after * 86400 + hash(member, visit, 5) % ((1096 - enrolled_after) * 86400))::bigint)
                as booked_at,
            hash(member, visit, 6) % 100 < 30 as would_spend,
            20 + (hash(member, visit, 7) % 180)::int + case when hash(member, visit, 8) % 4 = 0 then 0.5 else 0 end
                as earned,
            case when hash(member, visit, 9) % 4 = 0 then 200 else 100 end as cost,
            hash(member, visit, 10) % 50 = 0 as insists
        from people, range(17) as visits (visit)
        where visit < visits
    ),
    balances as (
        select
            *,
            coalesce(sum(case when would_spend then 0 else earned end) over (
                partition by member order by booked_at
                range between interval 379 days preceding and interval 15 days preceding), 0)
            - sum(case when would_spend then cost else 0 end) over (
                partition by member order by booked_at range between interval 379 days preceding and current row)
                as balance
        from chances
    )
    select
        member, is_talon_one, is_mixed, visit, booked_at, would_spend and (balance >= 0 or insists) as spends,
        case when would_spend and (balance >= 0 or insists) then -cost else earned end as points
    from balances;

    create temp table returns as
    with picks as (
        select
            member, is_talon_one, is_mixed, hash(member, 11) % 100 as habit,
            max_by(struct_pack(visit, booked_at, points), hash(member, visit, 12)) filter (where not spends) as earn,
            max_by(struct_pack(visit, booked_at, points), hash(member, visit, 12)) filter (where spends) as spend
        from visits
        where hash(member, 11) % 100 < 14
        group by all
    ),
    kinds as (
        select
            *,
            case
                when habit >= 12 then 'adjust'
                when spend is null or habit < 6 and earn is not null then 'clawback'
                else 'spend_reversal'
            end as entry_type
        from picks
        where earn is not null or spend is not null
    ),
    chosen as (
        select *, case entry_type when 'spend_reversal' then spend else coalesce(earn, spend) end as visit from kinds
    )
    select
        member, is_talon_one, is_mixed, entry_type,
        case when entry_type <> 'adjust' then visit.visit end as visit,
        visit.booked_at + to_seconds((86400 + hash(member, 13) % (100 * 86400))::bigint) as booked_at,
        case
            when entry_type = 'adjust' then -(20 + (hash(member, 14) % 50)::int)
            when hash(member, 14) % 2 = 0 then -visit.points
            else -round(visit.points / 2)
        end as points
    from chosen
    where habit < 14;

    create or replace table intermediate.int_loyalty_bookings__unioned as
    with movements as (
        select
            member, is_talon_one, is_mixed, case when spends then 'spend' else 'earn' end as entry_type, visit,
            booked_at, points
        from visits
        union all
        select * from returns where booked_at < timestamp '2026-01-01'
    )
    {movements};

    create or replace table intermediate.int_identity__records as
    select
        case when hash(member, 1) % 100 < 60 then 'talon_one' else 'yotpo_loyalty' end as source_name,
        case when hash(member, 1) % 100 < 60 then 'profile' else 'customer' end as source_record_type,
        'member-' || member as source_record_id, timestamp '2023-01-01' as recorded_at,
        md5(member::varchar) as customer_id, false as is_erased
    from range({members}) as people (member);

    -- One order in a hundred is known.
    create or replace table intermediate.int_orders__references as
    select order_reference as reference, 'shopify:shop:' || order_reference as order_id
    from intermediate.int_loyalty_bookings__unioned
    where entry_type in ('earn', 'spend') and hash(order_reference) % 100 = 0;
    insert into marts.orders by name
    select order_id, 'shopify' as source_name, 'online' as sales_channel from intermediate.int_orders__references;
"""

# As the systems tell them: movements of members as rows of intermediate.int_loyalty_bookings__unioned.
MOVEMENTS = """
    select
        case when is_talon_one then 'talon_one:' else 'yotpo_loyalty:' end
        || md5(member || '-' || entry_type || '-' || coalesce(visit, 99)) as booking_id,
        case when is_talon_one then 'talon_one' else 'yotpo_loyalty' end as source_name,
        case when is_talon_one then 'talon_one:37' else 'yotpo_loyalty' end as programme,
        'member-' || member as member_id,
        case when is_talon_one then 'profile' else 'customer' end as source_record_type,
        'member-' || member as source_record_id,
        booked_at, entry_type, points::decimal(18, 2) as points,
        case when is_talon_one then 'at' else 'rule' end as activation,
        case when is_talon_one then booked_at + case when points > 0 then to_days(14) else to_days(0) end end
            as active_at,
        case
            when is_mixed then case hash(member, visit, 20) % 3 when 0 then 'never' else 'at' end
            when is_talon_one then 'at'
            else 'rule'
        end as expiry,
        case
            when is_mixed then booked_at + to_days([0, 45, 200][1 + (hash(member, visit, 20) % 3)::int])
            when is_talon_one then booked_at + to_days(14 + 365)
        end as expires_at,
        case when visit is not null then 'web-' || (member * 20 + visit) end as order_reference,
        entry_type as reason
    from movements
"""

DAY = """
    insert into intermediate.int_loyalty_bookings__unioned
    with movements as (
        select
            member, hash(member, 1) % 100 < 60 as is_talon_one, hash(member, 2) % 100 = 0 as is_mixed,
            case when hash(member, 31) % 10 < 4 then 'spend' else 'earn' end as entry_type, {visit} as visit,
            timestamp '{day}' + to_seconds((hash(member, 32) % 86400)::bigint) as booked_at,
            case when hash(member, 31) % 10 < 4 then -100 else 80 end as points
        from range({members}) as people (member)
        where hash(member, {visit}) % 1000 < {share} * 1000
    )
    {movements};
    update staging.point_in_time set cut_at = timestamp '{day}' + to_days(1), as_of = date '{day}';
"""

BY_HAND = """
import json, pathlib, sys, time
import duckdb
connection = duckdb.connect(sys.argv[1])
connection.execute(f"set timezone = 'UTC'; set preserve_insertion_order = false; set memory_limit = '{sys.argv[3]}'")
connection.execute("drop schema if exists by_hand cascade; create schema by_hand; checkpoint")
times = []
for statement in pathlib.Path(sys.argv[2]).read_text().split(";\\n"):
    started = time.perf_counter()
    connection.execute(statement)
    names = [line[3:] for line in statement.splitlines() if line.startswith("-- ")]
    times.append(((names or [""])[-1], time.perf_counter() - started))
print(json.dumps(times))
"""


@dataclass
class Side:
    """One way to work it out: seconds of each step; wall and CPU seconds of the whole process, and its peak MB."""

    steps: dict[str, float]
    wall: float
    cpu: float
    memory: float

    @property
    def seconds(self) -> float:
        return sum(self.steps.values())


@dataclass
class Ledger:
    """Numbers of rows; the best of either side's ROUNDS runs, which take turns; the models' runs of one more day each,
    by the share of members that it touches.
    """

    members: int
    bookings: int
    entries: int
    models: Side
    script: Side
    days: dict[float, Side] = field(default_factory=dict)


def give(members: int, folder: Path, build: Callable) -> None:
    """A warehouse in an empty folder that has the ledger's inputs: bookings of so many members, and who they are."""
    prepare(1, folder)
    build(folder, "--select", *(f"+{mart}" for mart in MARTS), "--vars", json.dumps(VARIABLES))
    with duckdb.connect(str(folder / "perennial.duckdb")) as connection:
        connection.execute("set preserve_insertion_order = false")
        connection.execute(BOOKINGS.format(members=members, movements=MOVEMENTS))
    profile = (ROOT / "profiles.yml").read_text()
    limited = profile.replace("settings:\n", f"settings:\n        memory_limit: {MEMORY}\n", 1)
    (folder / "profiles.yml").write_text(limited)


def by_models(folder: Path, build: Callable, *more: str) -> Side:
    """The models by dbt, one after the other."""
    options = ("--threads", "1", "--profiles-dir", str(folder), "--vars", json.dumps(VARIABLES))
    usage = build(folder, *MODELS, *options, *more)
    models = {name: value for name, value in node_seconds(folder).items() if "loyalty" in name}
    return Side(models, usage.wall, usage.cpu, usage.memory)


def by_hand(folder: Path, run: Callable) -> Side:
    """The script, in a process of its own."""
    log = folder / "by_hand.json"
    program = f"import sys; sys.stdout = open({str(log)!r}, 'w')\n{BY_HAND}"
    usage = run(sys.executable, "-c", program, str(folder / "perennial.duckdb"), str(SCRIPT), MEMORY)
    steps: dict[str, float] = {}
    for name, seconds in json.loads(log.read_text()):
        steps[name] = steps.get(name, 0) + seconds
    return Side(steps, usage.wall, usage.cpu, usage.memory)


def compare(folder: Path) -> int:
    """Raises AssertionError unless both sides wrote the same rows of the same types; the number of entries."""
    with duckdb.connect(str(folder / "perennial.duckdb")) as connection:
        connection.execute(f"set preserve_insertion_order = false; create or replace temp view moves as {MOVES}")
        for result in RESULTS:
            theirs = f"by_hand.{result}"
            ours = "moves" if result == "moves" else f"marts.{result}"
            # What the models keep between runs is theirs alone.
            ours = f"(select columns(lambda each: each <> 'state_hash') from {ours})"
            types = [connection.execute(f"describe from {each}").fetchall() for each in (ours, theirs)]
            assert [each[:2] for each in types[0]] == [each[:2] for each in types[1]], f"{result} has other columns"
            columns = ", ".join(f'"{each[0]}"' for each in types[0])
            # As multisets: two hashes of each row, summed up.
            sums = f"select count(*), sum(hash({columns})::hugeint), sum(hash(1, {columns})::hugeint) from "
            one, other = (connection.execute(sums + each).fetchone() for each in (ours, theirs))
            assert one == other, f"{result} has other rows: {one[0]} and {other[0]}"
        return connection.execute("select count(*) from marts.loyalty_entries").fetchone()[0]


def measure(members: int, folder: Path, run: Callable, build: Callable) -> Ledger:
    """
    The ledger of so many members in an empty folder; `run(*command)` runs a command, `build(folder, *arguments)` runs
    dbt there, and both return its usage. Raises AssertionError unless both sides write the same.
    """
    give(members, folder, build)
    models, script = [], []
    for _ in range(ROUNDS):
        models.append(by_models(folder, build, "--full-refresh"))
        script.append(by_hand(folder, run))
    entries = compare(folder)
    database = str(folder / "perennial.duckdb")
    with duckdb.connect(database) as connection:
        connection.execute("drop schema by_hand cascade")
        (bookings,) = connection.execute("select count(*) from intermediate.int_loyalty_bookings__unioned").fetchone()
    best = [min(side, key=lambda each: each.seconds) for side in (models, script)]
    found = Ledger(members, bookings, entries, *best)
    for number, share in enumerate(SHARES, 1):
        with duckdb.connect(database) as connection:
            connection.execute(DAY.format(
                members=members, share=share, visit=100 + number, day=f"2026-01-{number:02}", movements=MOVEMENTS
            ))  # fmt: skip
        found.days[share] = by_models(folder, build)
    return found


def report(found: Ledger) -> list[str]:
    models, script, days = found.models, found.script, found.days
    return [
        "",
        f"## The loyalty ledger of {found.members:,} members",
        "",
        f"{found.bookings:,} bookings of three years, {found.entries:,} entries, {MEMORY} for DuckDB. The models by"
        " dbt, one after the other, against one script for these two programmes that keeps nothing between runs and"
        f" writes the same rows: {models.seconds / script.seconds:.2f} times.",
        "",
        "| | s | with start-up s | CPU s | peak MB |",
        "|---|---:|---:|---:|---:|",
        *(
            f"| {name} | {side.seconds:.1f} | {side.wall:.1f} | {side.cpu:.1f} | {side.memory:,.0f} |"
            for name, side in [
                ("models, all anew", models),
                ("script, all anew", script),
                *((f"models, one day more, {share:.1%} of members touched", side) for share, side in days.items()),
            ]
        ),
        "",
        f"| model | all anew s | {' | '.join(f'{share:.1%} touched s' for share in days)} |",
        f"|---|---:|{'---:|' * len(days)}",
        *(
            f"| {model} | {seconds:.1f} | {' | '.join(f'{side.steps[model]:.1f}' for side in days.values())} |"
            for model, seconds in models.steps.items()
        ),
    ]
