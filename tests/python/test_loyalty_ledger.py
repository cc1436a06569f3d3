"""The ledger's SQL on random members: the moves and lots of a plain ledger, whatever the engine, the order or the day.

Members come from loyalty_worlds, what must come out from loyalty_reference, which never looked at the SQL.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

import loyalty_worlds
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ledger import CORE, NOTHING, LedgerModels
from loyalty_reference import Ledger, play_all

MARTS = (
    "int_loyalty__local_days",
    "int_loyalty__balance_changes",
    "int_loyalty__people",
    "loyalty_lots",
    "loyalty_entries",
    "loyalty_balance_history",
)
FAR = datetime(2030, 1, 1)
RECORDS = "intermediate.int_identity__records"
# What follows from no row of the random programmes: points without end.
DEFAULT = {
    "programme": "default", "valid_from": date(2000, 1, 1), "expiry_policy": "none", "clawback_rule": "lot_then_debt",
    "expires_at_midnight": False, "reversal_grace_days": 0,
}  # fmt: skip
MOVES = """
    select members.programme, members.member_id, lots.lot_id, moves.booking_id, moves.kind, moves.moved_at, moves.points
    from intermediate.int_loyalty__moves as moves
    join intermediate.int_loyalty__members as members using (member_no)
    left join intermediate.int_loyalty__lots as lots using (member_no, lot_no)
    where members.scenario = 'live'
"""


@pytest.fixture(scope="module")
def models(sample) -> LedgerModels:
    return LedgerModels(sample)


@pytest.fixture(scope="module")
def crowd() -> tuple[list[dict], list[dict]]:
    return loyalty_worlds.members(41, 4_000)


def give(models: LedgerModels, bookings: list[dict], rules: list[dict], cut_at: datetime = FAR) -> LedgerModels:
    return models.give(bookings, [*rules, DEFAULT], cut_at)


def moves_of(models: LedgerModels, before: datetime = FAR) -> Counter:
    return Counter(row for row in models.connection.execute(MOVES).fetchall() if row[5] < before)


def lots_of(models: LedgerModels) -> dict[str, tuple]:
    columns = "lot_id, active_at, expires_at, points, lot_no"
    found = models.connection.execute(f"select {columns} from intermediate.int_loyalty__lots where scenario = 'live'")
    return {row[0]: row[1:] for row in found.fetchall()}


def expected(bookings: list[dict], rules: list[dict], now: datetime = FAR) -> tuple[Counter, dict[str, tuple]]:
    moves, lots = Counter(), {}
    for (programme, member_id), ledger in play_all(bookings, rules, now).items():
        for move in ledger.moves:
            moves[programme, member_id, move.lot_id, move.booking_id, move.kind, move.at, move.points] += 1
        for lot in ledger.lots:
            lots[lot.lot_id] = (lot.active_at, lot.expires_at, lot.points, lot.lot_no)
    return moves, lots


def assert_same(ours: Counter, truth: Counter, bookings: list[dict]) -> None:
    """On a difference, show one member's bookings, since that is where to look."""
    odd = [*(ours - truth), *(truth - ours)]
    story = [row for row in bookings if odd and (row["programme"], row["member_id"]) == odd[0][:2]]
    assert (list(ours - truth)[:5], list(truth - ours)[:5], story) == ([], [], [])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_moves_and_lots_are_those_of_the_plain_ledger(models, seed):
    """Ten thousand members over all policies in one run."""
    bookings, rules = loyalty_worlds.members(seed, 10_000)
    truth, lots = expected(bookings, rules)
    give(models, bookings, rules).run(*CORE)
    assert len(truth) > 50_000
    assert_same(moves_of(models), truth, bookings)
    assert lots_of(models) == lots


@given(st.lists(loyalty_worlds.member_bookings(), min_size=1, max_size=20))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_booked(models, members):
    """The same, with examples that shrink to the shortest story in which the two differ."""
    bookings, rules = [], []
    for number, (rows, programme_rows) in enumerate(members):
        name = {row["programme"]: f"own:{number}:{row['programme']}" for row in rows}
        bookings += [
            row | {"programme": name[row["programme"]], "booking_id": f"{number}-{row['booking_id']}"} for row in rows
        ]
        for told, own in name.items():
            of_programme = [row for row in programme_rows if row["programme"] == told]
            of_source = [row for row in programme_rows if row["programme"] == told.split(":")[0]]
            rules += [row | {"programme": own} for row in of_programme or of_source]
    truth, lots = expected(bookings, rules)
    give(models, bookings, rules).run(*CORE)
    assert_same(moves_of(models), truth, bookings)
    assert lots_of(models) == lots


def test_both_engines_agree_where_both_apply(models, crowd):
    """Members of whom the windows hold come out the same when they are played one event after the other."""
    bookings, rules = crowd
    give(models, bookings, rules).run(*CORE)
    moves = moves_of(models)
    ((plain,),) = models.connection.execute(
        "select count(*) from intermediate.int_loyalty__members where not needs_sequence"
    ).fetchall()
    models.connection.execute("update intermediate.int_loyalty__members set needs_sequence = true")
    models.run(*CORE[CORE.index("int_loyalty__plain_moves") :])
    assert models.rows("from intermediate.int_loyalty__plain_moves") == []
    assert plain > 1_000
    assert moves_of(models) == moves


def test_the_order_of_rows_changes_nothing(models, crowd):
    bookings, rules = crowd
    first = give(models, bookings, rules).run(*CORE)
    moves, lots = moves_of(first), lots_of(first)
    shuffled = random.Random(5).sample(bookings, len(bookings))
    second = give(models, shuffled, rules[::-1]).run(*CORE)
    assert (moves_of(second), lots_of(second)) == (moves, lots)


@pytest.mark.parametrize("day", [datetime(2024, 3, 19), datetime(2024, 9, 3, 12)])
def test_what_comes_later_changes_nothing_before_it(models, crowd, day):
    """As of a day only bookings before it are used, and every figure up to it is the one of the whole history."""
    bookings, rules = crowd
    whole = moves_of(give(models, bookings, rules).run(*CORE), before=day)
    known = [row for row in bookings if row["booked_at"] < day]
    assert 1_000 < len(known) < len(bookings)
    assert moves_of(give(models, known, rules, day).run(*CORE), before=day) == whole


def assert_lives(models: LedgerModels, ledgers: Iterable[Ledger]) -> int:
    """Until when lots live; what came back without any grace left them as they were. How many live in grace."""
    ours = dict(models.connection.execute("select lot_id, expires_at from marts.loyalty_lots").fetchall())
    in_grace = 0
    for ledger in ledgers:
        returned = {(move.lot_id, move.at) for move in ledger.moves if move.kind == "spend_reversal"}
        for lot in ledger.lots:
            if (lot.lot_id, lot.until) not in returned:
                assert ours[lot.lot_id] == lot.until
                in_grace += lot.until != lot.expires_at
    return in_grace


def test_states_of_every_lot_on_every_day(models, crowd):
    """The seven states of each lot, until when it lives, and debt, just before some instants of bookings."""
    bookings, rules = crowd
    instants = sorted({row["booked_at"] for row in bookings})
    ledgers = play_all(bookings, rules, FAR)
    in_grace = 0
    for cut_at in instants[5 :: max(len(instants) // 3, 1)]:
        give(models, [row for row in bookings if row["booked_at"] < cut_at], rules, cut_at).run(*CORE, *MARTS)
        ours = {
            row["lot_id"]: tuple(int(row[f"points_{part}"] * 100) for part in PARTS)
            for row in models.rows("from marts.loyalty_lots")
        }
        in_grace += assert_lives(models, play_all(bookings, rules, cut_at).values())
        truth, debts = {}, {}
        for key, ledger in ledgers.items():
            state = ledger.state(cut_at)
            debts[key] = state.debt
            truth |= {lot_id: tuple(getattr(parts, part) for part in PARTS) for lot_id, parts in state.lots.items()}
        assert ours == truth
        for lot in ours.values():
            assert min(lot) >= 0 and lot[0] == sum(lot[1:])
        last = models.rows("from marts.loyalty_balance_history where valid_to is null")
        assert {(row["programme"], row["member_id"]): int(row["points_debt"] * 100) for row in last} == {
            key: debt for key, debt in debts.items() if key in {(row["programme"], row["member_id"]) for row in last}
        }
        entries = defaultdict(int)
        for row in models.rows("select programme, member_id, points from marts.loyalty_entries"):
            entries[row["programme"], row["member_id"]] += int(row["points"] * 100)
        assert entries == {
            (row["programme"], row["member_id"]): int(
                (row["points_available"] + row["points_pending"] - row["points_debt"]) * 100
            )
            for row in last
        }
    assert in_grace > 20


PARTS = ("issued", "pending", "available", "spent", "expired", "clawed_back", "adjusted", "repaid")


def test_a_day_of_the_history_is_what_the_ledger_says_of_its_end(models, crowd):
    bookings, rules = crowd
    give(models, bookings, rules).run(*CORE, *MARTS)
    zones = dict(models.connection.execute(
        "select programme, max_by(time_zone, rule_number) from intermediate.int_loyalty__rules group by all"
    ).fetchall())  # fmt: skip
    ledgers = play_all(bookings, rules, FAR)
    chance = random.Random(3)
    asked = 0
    for (programme, member_id), ledger in chance.sample(sorted(ledgers.items()), 400):
        if zones[programme] != "UTC":
            continue
        day = date(2024, 3, 1) + timedelta(days=chance.randrange(250))
        rows = models.rows(
            f"""from marts.loyalty_balance_history where programme = '{programme}' and member_id = '{member_id}'
                and valid_from <= date '{day}' and (valid_to > date '{day}' or valid_to is null)"""
        )
        state = ledger.state(datetime.combine(day, datetime.min.time()) + timedelta(days=1))
        found = [tuple(int(row[f"points_{name}"] * 100) for name in ("available", "pending", "debt")) for row in rows]
        total = state.total
        assert found == [(total.available, total.pending, state.debt)] or (
            not found and (total.issued, state.debt) == (0, 0)
        )
        asked += bool(found)
    assert asked > 20


def test_a_scenario_is_what_its_rules_would_have_made(models, crowd):
    """Half a year instead of a year, beside the live ledger, which stays as it was; the more exact name wins."""
    bookings, rules = crowd
    give(models, bookings, rules).run(*CORE)
    live = moves_of(models)
    changed = {"expiry_policy": "lot", "expiry_days": 5}
    programmes = sorted({row["programme"] for row in rules})
    scenarios = [
        {"scenario": "shorter", "programme": programme, "setting": setting, "value": str(value)}
        for programme in programmes
        for setting, value in changed.items()
    ]
    birthdays = {"programme": "talon_one:0:birthday", "expiry_days": 30}
    scenarios.append(
        {"scenario": "shorter", "programme": birthdays["programme"], "setting": "expiry_days", "value": "30"}
    )
    models.give(bookings, [*rules, DEFAULT], FAR, scenarios).run(*CORE)
    assert moves_of(models) == live
    overriding = [row | changed | {"overrides_dates": True} for row in rules]
    overriding += [row | birthdays for row in overriding if row["programme"] == "talon_one"]
    truth, lots = expected(bookings, overriding)
    assert_same(Counter(models.connection.execute(MOVES.replace("'live'", "'shorter'")).fetchall()), truth, bookings)
    assert lots != lots_of(models)


def test_a_merge_moves_lots_and_a_split_gives_them_back(models):
    """Who is behind a member is asked anew by every build; the lots stay as they are."""
    card = {
        "source_name": "talon_one", "programme": "talon_one:37", "source_record_type": "profile",
        "booked_at": datetime(2024, 3, 1), "entry_type": "earn", "points": Decimal(10), "activation": "rule",
        "expiry": "rule",
    }  # fmt: skip
    bookings = [
        card | {"booking_id": member, "member_id": member, "source_record_id": member} for member in ("old", "new")
    ]
    told = {"source_name": "talon_one", "source_record_type": "profile"}
    found = {}
    for when, owners in {
        "before": {"old": "A", "new": "B"}, "merged": {"old": "A", "new": "A"}, "split": {"old": "A", "new": "B"}
    }.items():  # fmt: skip
        give(models, bookings, []).run(*CORE)
        models.table(
            RECORDS,
            NOTHING[RECORDS],
            [told | {"source_record_id": member, "customer_id": person} for member, person in owners.items()],
        )
        models.run(*MARTS)
        found[when] = models.rows("from marts.loyalty_lots order by lot_id")
        for table in ("loyalty_lots", "loyalty_entries", "loyalty_balance_history"):
            owned = dict(models.connection.execute(f"select member_id, customer_id from marts.{table}").fetchall())
            assert owned == owners
    assert found["split"] == found["before"] != found["merged"]


def test_who_is_active_is_a_member(models, crowd):
    """Also where a platform told of nothing but expiries that the programme's own rules do."""
    bookings, rules = crowd
    give(models, bookings, rules).run(*CORE, "int_loyalty__activity")
    active = models.rows("select distinct programme, member_id from intermediate.int_loyalty__activity order by all")
    query = "select programme, member_id from intermediate.int_loyalty__members where scenario = 'live' order by all"
    assert active == models.rows(query)
    assert len(active) < len({(row["programme"], row["member_id"]) for row in bookings})


def test_an_active_member_is_who_the_last_booking_says(models):
    told = {
        "source_name": "talon_one", "programme": "talon_one:37", "member_id": "m", "source_record_type": "profile",
        "entry_type": "earn", "points": Decimal(10), "activation": "rule", "expiry": "rule",
    }  # fmt: skip
    bookings = [
        told | {"booking_id": record, "source_record_id": record, "booked_at": datetime(2024, 3, day)}
        for day, record in ((1, "former"), (2, "latter"))
    ]
    give(models, bookings, []).run(*CORE)
    record = {"source_name": "talon_one", "source_record_type": "profile"}
    people = {"former": "Z", "latter": "A"}
    models.table(
        RECORDS,
        NOTHING[RECORDS],
        [record | {"source_record_id": name, "customer_id": one} for name, one in people.items()],
    )
    models.run("int_loyalty__activity")
    assert models.rows("select distinct customer_id from intermediate.int_loyalty__activity") == [{"customer_id": "A"}]


@pytest.mark.parametrize("column", ["booked_at", "points", "order_reference", "activation", "active_at", "expiry"])
def test_an_exchange_between_two_bookings_is_a_change(models, column):
    """Or a build that works out only who changed would keep what was."""
    first, second = (
        {
            "booking_id": name, "source_name": "own", "programme": "own", "member_id": "m", "entry_type": "earn",
            "booked_at": datetime(2024, 3, day), "points": Decimal(10 * day), "order_reference": name,
            "activation": "at" if day == 1 else "rule", "active_at": datetime(2024, 4, day),
            "expiry": "never" if day == 1 else "rule",
        }
        for name, day in (("a", 1), ("b", 2))
    )  # fmt: skip
    hashes = set()
    for one, other in ((first, second), (first | {column: second[column]}, second | {column: first[column]})):
        give(models, [one, other], []).run(*CORE[:3])
        hashes |= set(models.connection.execute("select inputs_hash from intermediate.int_loyalty__members").fetchall())
    assert len(hashes) == 2
