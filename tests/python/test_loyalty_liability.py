"""
Random small ledgers: roll-forward, redemption curve, liability, cohorts and scenarios against plain Python.

Each programme is a ledger of its own; the models' compiled SQL runs once on all of them, and so does the test that ties
the roll-forward to entries and balances. A ledger here is any that could be: lots, and what took from them.
"""

import itertools
import json
import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import duckdb
import pytest
from conftest import Raw, run_dbt
from test_negative_controls import nodes

ZONE = ZoneInfo("America/New_York")
AS_OF = date(2024, 7, 17)
START, CUT = datetime(2024, 1, 1, 5), datetime(2024, 7, 18, 4)
HORIZON_DAYS = 12
PROGRAMME_ZONES = (ZONE, ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo"))
NOW, LAST_OVER = 6, 5  # months since January: that of as_of, and the last one that is over
SCENARIOS = ("live", "other")
ISSUING = ("earn", "import", "adjust")
MODELS = {
    "int_loyalty__redemption_curve": "intermediate",
    "loyalty_cohorts": "marts",
    "loyalty_liability_monthly": "marts",
    "loyalty_scenario_impact": "marts",
}
TIES = "liability_ties_to_the_ledger"

TABLES = {
    "staging.point_in_time": {
        "as_of": "date", "cut_at": "timestamp", "reporting_timezone": "varchar", "reporting_currency": "varchar",
    },
    "intermediate.int_loyalty__rules": {
        "scenario": "varchar", "programme": "varchar", "time_zone": "varchar", "starts_at": "timestamp",
        "ends_at": "timestamp", "valid_from": "date", "point_price": "decimal(18, 6)",
        "expected_redemption_rate": "decimal(9, 6)",
    },
    "settings.thresholds": {"name": "varchar", "value": "int"},
    "intermediate.int_loyalty__members": {
        "scenario": "varchar", "programme": "varchar", "member_id": "varchar", "member_no": "bigint",
    },
    "intermediate.int_loyalty__events": {
        "member_no": "bigint", "booking_id": "varchar", "order_reference": "varchar",
    },
    "intermediate.int_loyalty__lots": {
        "scenario": "varchar", "programme": "varchar", "member_id": "varchar", "member_no": "bigint",
        "lot_no": "varchar", "entry_type": "varchar", "earned_at": "timestamp", "active_at": "timestamp",
        "points": "bigint", "order_reference": "varchar",
    },
    "intermediate.int_loyalty__moves": {
        "member_no": "bigint", "kind": "varchar", "moved_at": "timestamp", "lot_no": "varchar", "points": "bigint",
        "booking_id": "varchar",
    },
    "intermediate.int_loyalty__tier_state": {
        "scenario": "varchar", "programme": "varchar", "member_id": "varchar", "tier_rank": "int",
    },
    "marts.loyalty_entries": {
        "programme": "varchar", "entry_type": "varchar", "points": "decimal(18, 2)", "occurred_at": "timestamp",
    },
    "marts.loyalty_balances": {
        "programme": "varchar", "points_available": "decimal(18, 2)", "points_pending": "decimal(18, 2)",
        "points_debt": "decimal(18, 2)",
    },
}  # fmt: skip


def month_of(at: datetime) -> int:
    """Months since January 2024, by the shop's clock."""
    local = at.replace(tzinfo=UTC).astimezone(ZONE)
    return (local.year - 2024) * 12 + local.month - 1


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day begins."""
    return datetime.combine(day, datetime.min.time(), zone).astimezone(UTC).replace(tzinfo=None)


def first_day(month: int) -> date:
    return date(2024 + month // 12, month % 12 + 1, 1)


def last_day(month: int) -> date:
    return first_day(month + 1) - timedelta(days=1)


# Ledgers


def instant(chance: random.Random, start: datetime = START, end: datetime = CUT) -> datetime:
    """Some of them a second beside or at the border of a month."""
    if chance.random() < 0.2:
        at = midnight(first_day(chance.randrange(1, 7)), ZONE) + timedelta(seconds=chance.choice((-1, 0)))
        if start <= at < end:
            return at
    return start + timedelta(seconds=chance.randrange(int((end - start).total_seconds())))


def booked(programme: str, member: str, chance: random.Random) -> tuple[list[dict], list[dict]]:
    """What makes lots of a member, and clawbacks: the same in every scenario. Some members have clawbacks alone."""
    lots = [
        {
            "lot_id": f"{programme}-{member}-{number}",
            "entry_type": chance.choice(("earn", "earn", "earn", "import", "adjust", "transfer", "spend_reversal")),
            "earned_at": (at := instant(chance)),
            "active_at": chance.choice((at, at + timedelta(days=14), at + timedelta(days=14), None)),
            "points": chance.choice((0, 1, chance.randrange(20_000), 10_000)),
            "order_reference": chance.choice(("o1", "o1", "o2", None)),
        }
        for number in range(chance.choice((0, 1, 3, 8)))
    ]
    clawbacks = [
        {
            "booking_id": f"{programme}-{member}-clawback-{number}",
            "order_reference": chance.choice(("o1", "o2", "o3", None)),
            "at": instant(chance),
            "points": chance.randrange(8_000),
        }
        for number in range(chance.randrange(3))
    ]
    return lots, clawbacks


def moved(lots: list[dict], clawbacks: list[dict], chance: random.Random) -> list[dict]:
    """What takes from the lots, in order of time, at random; also after the cut, as points expire."""
    left = {lot["lot_id"]: lot["points"] for lot in lots}
    spent, debt, moves = Counter(), 0, []

    def move(kind: str, at: datetime, lot_id: str | None, points: int, booking_id: str | None = None) -> None:
        if points:
            moves.append({"kind": kind, "at": at, "lot_id": lot_id, "points": points, "booking_id": booking_id})
            if lot_id:
                left[lot_id] -= points

    kinds = ("spend", "spend", "spend", "spend_reversal", "adjust", "repay", "expire")
    events = [("clawback", each["at"], each["points"], each["booking_id"]) for each in clawbacks]
    events += [(chance.choice(kinds), instant(chance), 0, None) for _ in range(2 * len(lots))]
    events += [("expire", instant(chance, CUT, CUT + timedelta(days=90)), 0, None) for _ in lots]
    for kind, at, points, booking_id in sorted(events, key=lambda event: event[1]):
        there = [lot["lot_id"] for lot in lots if lot["earned_at"] <= at]
        lot = chance.choice(there) if there else None
        if kind == "clawback":
            taken = min(points, left[lot]) if lot else 0
            move("clawback", at, lot, taken, booking_id)
            move("debt", at, None, points - taken, booking_id)
            debt += points - taken
        elif lot and kind == "spend_reversal":
            back = chance.randint(0, spent[lot])
            move(kind, at, lot, -back)
            spent[lot] -= back
        elif lot:
            most = {"repay": min(debt, left[lot]), "expire": left[lot]}.get(kind)
            taken = chance.randint(0, left[lot]) if most is None else most
            move(kind, at, lot, taken)
            spent[lot] += taken if kind == "spend" else 0
            debt -= taken if kind == "repay" else 0
    return moves


def rules_of(chance: random.Random) -> list[tuple[date, str | None, str | None]]:
    """valid_from, price, expectation: of all combinations of told and not, some of which change."""
    days = [date(2024, 2, 1), date(2024, 3, 31), date(2024, 5, 15), AS_OF, AS_OF + timedelta(days=1)]
    days = sorted(chance.sample(days, chance.randrange(1, 4)))
    price, rate = chance.choice(("0.01", "0.0125", "0.01", None)), chance.choice((None, None, "0.8"))
    changed = [(day, chance.choice((price, "0.013")), chance.choice((rate, rate, "0.55"))) for day in days]
    return [(days[0] - timedelta(days=chance.choice((0, 90))), price, rate), *changed[1:]]


class Ledgers:
    """Random programmes as tables."""

    def __init__(self, count: int, chance: random.Random):
        self.rules, self.zones, self.members, self.clawbacks, self.tiers = {}, {}, [], [], []
        numbers = itertools.count(1)
        for number in range(count):
            programme = f"p{number:03}"
            self.rules[programme] = rules_of(chance)
            self.zones[programme] = chance.choice(PROGRAMME_ZONES)
            for member in "abc"[: chance.randrange(1, 4)]:
                lots, clawbacks = booked(programme, member, chance)
                self.clawbacks += [(programme, each) for each in clawbacks]
                for scenario in SCENARIOS:
                    self.members.append(
                        (scenario, programme, member, next(numbers), lots, moved(lots, clawbacks, chance))
                    )
                    if chance.random() < 0.9:
                        self.tiers.append((scenario, programme, member, chance.choice((None, 0, 1, 2))))

    def holds(self, programme: str) -> list[tuple[datetime, datetime]]:
        """From when until when each rule of a programme is in force."""
        begins = [midnight(rule[0], self.zones[programme]) for rule in self.rules[programme][1:]]
        return list(itertools.pairwise([datetime(1900, 1, 1), *begins, datetime(9999, 12, 31)]))

    def each_of(self, scenario: str, programme: str) -> list[tuple[list[dict], list[dict]]]:
        """Each member's lots, and moves as known at the cut."""
        return [
            (lots, [move for move in moves if move["at"] < CUT])
            for *member, _, _, lots, moves in self.members
            if member == [scenario, programme]
        ]

    def of(self, scenario: str, programme: str) -> tuple[list[dict], list[dict]]:
        """A programme's lots and its moves as known at the cut."""
        members = self.each_of(scenario, programme)
        return [lot for lots, _ in members for lot in lots], [move for _, moves in members for move in moves]

    def entries(self) -> list[tuple]:
        entries = [(name, "clawback", -each["points"], each["at"]) for name, each in self.clawbacks]
        for scenario, programme, _, _, lots, moves in self.members:
            if scenario == "live":
                entries += [(programme, lot["entry_type"], lot["points"], lot["earned_at"]) for lot in lots]
                entries += [
                    (programme, move["kind"], -move["points"], move["at"])
                    for move in moves
                    if move["at"] < CUT and move["kind"] in ("spend", "spend_reversal", "expire", "adjust")
                ]
        return entries

    def balances(self) -> list[tuple]:
        found = []
        for scenario, programme, _, _, lots, moves in self.members:
            if scenario == "live":
                seen = [move for move in moves if move["at"] < CUT]
                available, pending = (
                    sum(
                        lot["points"] - sum(move["points"] for move in seen if move["lot_id"] == lot["lot_id"])
                        for lot in lots
                        if (lot["active_at"] is not None and lot["active_at"] < CUT) is usable
                    )
                    for usable in (True, False)
                )
                debt = sum(move["points"] for move in seen if move["kind"] == "debt")
                debt -= sum(move["points"] for move in seen if move["kind"] == "repay")
                found.append((programme, available, pending, debt))
        return found

    def tables(self) -> dict[str, list[tuple]]:
        """Points of marts and bookings in points, of lots and moves in hundredths."""

        def points(hundredths: int) -> Decimal:
            return Decimal(hundredths).scaleb(-2)

        scenarios = itertools.product(SCENARIOS, self.rules.items())
        rows = (
            [(AS_OF, CUT, ZONE.key, "USD")],
            [
                (scenario, programme, self.zones[programme].key, *held, *rule)
                for scenario, (programme, rules) in scenarios
                for held, rule in zip(self.holds(programme), rules, strict=True)
            ],
            [("loyalty_horizon_days", HORIZON_DAYS)],
            [(*member,) for *member, _, _ in self.members],
            [
                (number, each["booking_id"], each["order_reference"])
                for _, programme, member, number, _, _ in self.members
                for name, each in self.clawbacks
                if each["booking_id"].startswith(f"{programme}-{member}-")
            ],
            [(*member, *lot.values()) for *member, lots, _ in self.members for lot in lots],
            [(number, *move.values()) for *_, number, _, moves in self.members for move in moves],
            self.tiers,
            [(programme, kind, points(amount), at) for programme, kind, amount, at in self.entries()],
            [(programme, *map(points, amounts)) for programme, *amounts in self.balances()],
        )
        return dict(zip(TABLES, rows, strict=True))


@pytest.fixture(scope="module")
def ledgers() -> Ledgers:
    return Ledgers(150, random.Random(52))


@pytest.fixture(scope="module")
def sql(tmp_path_factory) -> dict[str, str]:
    """The compiled SQL of the models and the test, by name."""
    folder = tmp_path_factory.mktemp("liability")
    (folder / "raw").mkdir()
    done = run_dbt("compile", "-s", *MODELS, TIES, raw=Raw(folder / "raw").folder, folder=folder)
    assert done.returncode == 0, done.stdout[-3000:]
    compiled = nodes(folder / "target", "model") | nodes(folder / "target", "test")
    return {name: compiled[name]["compiled_code"] for name in (*MODELS, TIES)}


@pytest.fixture(scope="module")
def warehouse(ledgers, sql, tmp_path_factory) -> duckdb.DuckDBPyConnection:
    folder = tmp_path_factory.mktemp("ledgers")
    connection = duckdb.connect(str(folder / "warehouse.duckdb"))
    for schema in ("settings", "staging", "intermediate", "marts"):
        connection.execute(f"create schema {schema}")
    for table, rows in ledgers.tables().items():
        names = TABLES[table]
        file = folder / f"{table}.json"
        file.write_text(json.dumps([dict(zip(names, row, strict=True)) for row in rows], default=str))
        types = ", ".join(f"'{name}': '{kind}'" for name, kind in names.items())
        connection.execute(f"create table {table} as from read_json('{file}', columns = {{{types}}})")
    for name, schema in MODELS.items():
        connection.execute(f"create table {schema}.{name} as {sql[name]}")
    yield connection
    connection.close()


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict]:
    result = connection.execute(query)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


# Plain Python


def roll_forward(ledgers: Ledgers, programme: str) -> list[dict]:
    """Hundredths, from the entries, one after the other."""
    entries = sorted((month_of(at), kind, points) for name, kind, points, at in ledgers.entries() if name == programme)
    if not entries:
        return []
    months, closing = [], 0
    for month in range(entries[0][0], NOW + 1):
        moved = Counter()
        for _, kind, points in (entry for entry in entries if entry[0] == month):
            moved[kind] += points
        parts = {
            "opening_points": closing,
            "issued_points": moved["earn"] + moved["import"],
            "spent_points": -moved["spend"] - moved["spend_reversal"],
            "expired_points": -moved["expire"],
            "clawed_back_points": -moved["clawback"],
            "adjusted_points": moved["adjust"] + moved["transfer"],
        }
        closing += sum(moved.values())
        months.append({"month": month, **parts, "closing_points": closing})
    return months


def curve(ledgers: Ledgers, scenario: str, programme: str, known: int) -> dict[int, tuple[int, int, int]]:
    """By age: issued, redeemed and left of the cohorts that were old enough at the end of a month."""
    lots, moves = ledgers.of(scenario, programme)
    issue_month = {lot["lot_id"]: month_of(lot["earned_at"]) for lot in lots}
    found = {}
    for age in range(known + 1):
        old = [lot for lot in lots if issue_month[lot["lot_id"]] + age <= known]
        issued = redeemed = left = 0
        for lot in old:
            born = issue_month[lot["lot_id"]]
            by_month = [(month_of(each["at"]), each) for each in moves if each["lot_id"] == lot["lot_id"]]
            issued += lot["points"] if lot["entry_type"] in ISSUING else 0
            issued -= sum(m["points"] for when, m in by_month if when <= known and m["kind"] in ("clawback", "repay"))
            redeemed -= lot["points"] if age == 0 and lot["entry_type"] == "spend_reversal" else 0
            redeemed += sum(m["points"] for when, m in by_month if when == born + age and "spend" in m["kind"])
            left += lot["points"] - sum(m["points"] for when, m in by_month if when <= born + age)
        if old:
            found[age] = issued, redeemed, left
    return found


def expectation(ledgers: Ledgers, scenario: str, programme: str, known: int) -> Fraction | None:
    ages = [each for each in curve(ledgers, scenario, programme, known).values() if each[0]]
    if not ages:
        return None
    rate = sum(Fraction(redeemed, issued) for issued, redeemed, _ in ages)
    return min(max(rate + min(Fraction(left, issued) for issued, _, left in ages), Fraction(0)), Fraction(1))


def issued_at(clawback: dict, move: dict, lots: list[dict]) -> datetime:
    """When what a clawback took had been issued: with its lot, else with the first of its order, else just now."""
    own = [lot["earned_at"] for lot in lots if lot["lot_id"] == move["lot_id"]]
    order = clawback["order_reference"]
    own = own or [lot["earned_at"] for lot in lots if order and lot["order_reference"] == order]
    return min([at for at in own if at <= move["at"]], default=move["at"])


def liabilities(ledgers: Ledgers, scenario: str, programme: str) -> dict[int, dict]:
    """By month: the expectation and where it is from, what is allocated and owed, exactly or not at all."""
    clawbacks = {each["booking_id"]: each for _, each in ledgers.clawbacks}
    net, redeemed, left = Counter(), Counter(), defaultdict(Counter)  # net: by month, and month of issue
    for member, (lots, moves) in enumerate(ledgers.each_of(scenario, programme)):
        for lot in lots:
            month = month_of(lot["earned_at"])
            left[member][month] += lot["points"]
            if lot["entry_type"] in ISSUING:
                net[month, month] += lot["points"]
            if lot["entry_type"] == "spend_reversal":
                redeemed[month] -= lot["points"]
        for move in moves:
            month = month_of(move["at"])
            if move["kind"] in ("clawback", "debt"):
                net[month, month_of(issued_at(clawbacks[move["booking_id"]], move, lots))] -= move["points"]
            if move["kind"] != "repay":
                left[member][month] -= move["points"]
            if move["kind"] in ("spend", "spend_reversal"):
                redeemed[month] += move["points"]

    def rule_of(month: int) -> tuple[date, str | None, str | None]:
        rules = ledgers.rules[programme]
        valid = [rule for rule in rules if rule[0] <= min(last_day(month), AS_OF)]
        return valid[-1] if valid else rules[0]

    found, allocated, issued, spent = {}, Fraction(0), 0, 0
    for month in range(NOW + 1):
        for (_, born), points in (each for each in net.items() if each[0][0] == month and each[1]):
            price = rule_of(born)[1]
            allocated = None if None in (allocated, price) else allocated + Fraction(points, 100) * Fraction(price)
            issued += points
        _, price, rate = rule_of(month)
        spent += redeemed[month]
        there = sum(max(sum(own[each] for each in own if each <= month), 0) for own in left.values())
        expected = Fraction(rate) if rate else expectation(ledgers, scenario, programme, min(month, LAST_OVER))
        amount = allocated if price else None
        owed = None
        if amount is not None and expected is not None:
            if issued <= 0:
                owed = Fraction(0)
            else:
                in_all = min(issued * expected, Fraction(max(spent, 0) + there))  # not more than is left
                owed = max(amount * (1 - max(spent, 0) / in_all), Fraction(0)) if in_all else Fraction(0)
        source = "setting" if rate else "none" if expected is None else "own_curve"
        found[month] = {"rate": expected, "source": source, "allocated": amount, "owed": owed}
    return found


def near(ours, exact: Fraction | None, by: float) -> bool:
    return (ours is None) == (exact is None) and (exact is None or abs(Fraction(ours) - exact) <= by)


# The tests


def test_months_roll_forward(ledgers, warehouse):
    """To the hundredth of a point; a programme without a movement has no month."""
    parts = ["opening", "issued", "spent", "expired", "clawed_back", "adjusted", "closing"]
    ours = defaultdict(list)
    for row in rows(warehouse, "from marts.loyalty_liability_monthly order by programme, month"):
        points = {f"{part}_points": int(row[f"{part}_points"] * 100) for part in parts}
        ours[row["programme"]].append({"month": row["month"].month - 1, **points})
    assert all(ours[programme] == roll_forward(ledgers, programme) for programme in ledgers.rules)
    assert sum(map(bool, ours.values())) > 100
    columns = [f"count(*) filter (where {part}_points <> 0)" for part in parts]
    assert min(*warehouse.execute(f"select {', '.join(columns)} from marts.loyalty_liability_monthly").fetchone()) > 50


def test_the_curve_is_that_of_plain_python(ledgers, warehouse):
    ours = defaultdict(dict)
    for row in rows(warehouse, "from intermediate.int_loyalty__redemption_curve"):
        key = row["scenario"], row["programme"], row["known_month"].month - 1
        ours[key][row["months_since_issue"]] = row["issued"], row["redeemed"], row["open"]
    for key in itertools.product(SCENARIOS, ledgers.rules, range(NOW + 1)):
        expected = curve(ledgers, *key) if key[2] <= LAST_OVER else {}
        assert ours[key] == expected, key


def test_expectation_and_liability_are_those_of_plain_python(ledgers, warehouse):
    sources = Counter()
    recognised, kept = defaultdict(Fraction), {}
    for row in rows(warehouse, "from marts.loyalty_liability_monthly order by programme, month"):
        programme, month = row["programme"], row["month"].month - 1
        kept.setdefault(programme, liabilities(ledgers, "live", programme))
        exact = kept[programme][month]
        assert near(row["expected_redemption_rate"], exact["rate"], 1e-8), row
        assert row["expected_rate_source"] == exact["source"]
        assert near(row["allocated_amount"], exact["allocated"], 0.005 + 1e-9), row
        assert near(row["liability_amount"], exact["owed"], 0.005 + 1e-9), row
        assert (row["revenue_recognised"] is None) == (row["liability_amount"] is None)
        if row["liability_amount"] is not None:
            recognised[programme] += Fraction(row["revenue_recognised"])
            assert recognised[programme] == row["allocated_amount"] - row["liability_amount"]
        is_known = (
            "unknown" if exact["owed"] is None else "partly" if 0 < exact["owed"] < exact["allocated"] else "bound"
        )
        sources[exact["source"], is_known] += 1
    assert min(sources[each] for each in (("setting", "partly"), ("own_curve", "partly"), ("own_curve", "bound"))) > 20
    assert sources["none", "unknown"] and sources["own_curve", "unknown"]


def test_cohorts_are_those_of_plain_python(ledgers, warehouse):
    expected = {}
    for programme in ledgers.rules:
        lots, moves = ledgers.of("live", programme)
        for born in {month_of(lot["earned_at"]) for lot in lots}:
            cohort = [lot for lot in lots if month_of(lot["earned_at"]) == born]
            ids, issued = {lot["lot_id"] for lot in cohort}, sum(lot["points"] for lot in cohort)
            for month in range(born, NOW + 1):
                gone = Counter()
                for move in moves:
                    if move["lot_id"] in ids and month_of(move["at"]) <= month:
                        gone[move["kind"]] += move["points"]
                redeemed = gone["spend"] + gone["spend_reversal"]
                rates = [
                    float(f"{points / issued:.8e}") if issued and month <= LAST_OVER else None
                    for points in (redeemed, gone["expire"])
                ]
                expected[programme, first_day(born), month - born] = (
                    *(issued, redeemed, gone["expire"], gone["clawback"]), *rates,
                    month <= LAST_OVER, issued == sum(gone.values()),
                )  # fmt: skip
    found = warehouse.execute("from marts.loyalty_cohorts").fetchall()
    assert {row[:3]: (*(int(points * 100) for points in row[3:7]), *row[7:]) for row in found} == expected
    assert {row[-1] for row in expected.values()} == {True, False}


def test_scenarios_are_those_of_plain_python(ledgers, warehouse):
    soon = AS_OF + timedelta(days=HORIZON_DAYS + 1)

    def points(scenario: str, programme: str) -> dict[str, Counter]:
        found = {}
        for each in ledgers.members:
            if each[:2] == (scenario, programme) and each[4]:
                usable = {lot["lot_id"] for lot in each[4] if lot["active_at"] and lot["active_at"] < CUT}
                sums = found[each[2]] = Counter(
                    available=sum(lot["points"] for lot in each[4] if lot["lot_id"] in usable)
                )
                for move in each[5]:
                    if move["at"] < CUT and move["lot_id"] in usable:
                        sums["available"] -= move["points"]
                    if move["kind"] == "expire" and move["at"] < midnight(soon, ledgers.zones[programme]):
                        sums["expired" if move["at"] < CUT else "expiring_30d"] += move["points"]
        return found

    ranks = {each[:3]: -1 if each[3] is None else each[3] for each in ledgers.tiers}
    found = rows(warehouse, "from marts.loyalty_scenario_impact order by programme")
    assert [(row["scenario"], row["programme"]) for row in found] == [("other", name) for name in sorted(ledgers.rules)]
    for row in found:
        programme = row["programme"]
        live, other = (points(scenario, programme) for scenario in SCENARIOS)
        for part, (suffix, told) in itertools.product(
            ("available", "expired", "expiring_30d"), {"_live": live, "": other}.items()
        ):
            assert row[f"points_{part}{suffix}"] * 100 == sum(each[part] for each in told.values()), (row, part)
        assert row["members_moved"] == sum(live[member]["available"] != other[member]["available"] for member in live)
        pairs = [
            (ranks["live", programme, member], ranks["other", programme, member])
            for member in "abc"
            if ("live", programme, member) in ranks and ("other", programme, member) in ranks
        ]
        assert row["members_higher_tier"] == sum(after > before for before, after in pairs)
        assert row["members_lower_tier"] == sum(after < before for before, after in pairs)
        has_entries = bool(roll_forward(ledgers, programme))
        for scenario, column in (("live", "liability_amount_live"), ("other", "liability_amount")):
            owed = liabilities(ledgers, scenario, programme)[NOW]["owed"] if has_entries else None
            assert near(row[column], owed, 0.005 + 1e-9), (row, owed)
        both = None not in (row["liability_amount"], row["liability_amount_live"])
        difference = row["liability_amount"] - row["liability_amount_live"] if both else None
        assert row["liability_difference"] == difference


PLANTED = {
    "an entry of a hundredth of a point": """
        insert into marts.loyalty_entries by name
        select programme, 'earn' as entry_type, 0.01 as points, occurred_at from marts.loyalty_entries limit 1
    """,
    "an entry in another month": """
        update marts.loyalty_entries set occurred_at = occurred_at - interval 40 day
        where rowid = (select min(rowid) from marts.loyalty_entries where occurred_at > '2024-04-01' and points > 0)
    """,
    "an entry of another type": """
        update marts.loyalty_entries set entry_type = 'adjust'
        where rowid = (select min(rowid) from marts.loyalty_entries where entry_type = 'earn' and points > 0)
    """,
    "a debt forgotten": "update marts.loyalty_balances set points_debt = 0",
    "a month lost": """
        delete from marts.loyalty_liability_monthly where closing_points <> 0 and month = '2024-03-01'
    """,
}  # fmt: skip


def test_the_ledger_ties(warehouse, sql):
    assert warehouse.execute(sql[TIES]).fetchall() == []


@pytest.mark.parametrize("defect", PLANTED)
def test_what_is_planted_breaks_the_tie(defect, warehouse, sql):
    warehouse.execute("begin")
    try:
        warehouse.execute(PLANTED[defect])
        assert warehouse.execute(sql[TIES]).fetchall() != []
    finally:
        warehouse.execute("rollback")
