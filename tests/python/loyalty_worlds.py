"""Random members of loyalty programmes, made to meet on borders: few instants, few orders, few amounts.

Rows are dicts with the columns of int_loyalty_bookings__unioned and of seeds/loyalty_programmes.csv, None for blanks.
Points are Decimals with two places, instants naive datetimes in UTC.
"""

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import product
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

POLICIES = ("lot", "inactivity", "told", "none")
CLAWBACK_RULES = ("lot_then_debt", "lot_then_balance")
RESETS = ("earn spend", "order", "spend", "earn spend adjust order", "adjust", "")
# Clocks change in each zone within forty days of one of the starts; Santiago's jumps at midnight
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Sydney", "America/Santiago", "Asia/Kolkata", "UTC", None)
STARTS = (date(2024, 3, 5), date(2024, 8, 25))
CHANGE_DAYS = 14  # from a start to the rules' change: 8 September has no midnight in Santiago
AMOUNTS = ("0", "0.01", "10", "33.33", "50", "50", "80", "100", "100", "150")
LOT_TYPES = ("earn", "import", "adjust", "transfer", "spend_reversal")
ENTRY_TYPES = (
    *("earn",) * 8, *("spend",) * 5, *("spend_reversal",) * 4, *("clawback",) * 4, "adjust", "adjust", "import",
    "transfer", "expire",
)  # fmt: skip
NEGATIVE = ("spend", "clawback", "expire")

PROGRAMME_COLUMNS = (
    "programme", "valid_from", "time_zone", "points_per_unit", "pending_days", "expiry_policy", "expiry_days",
    "expires_at_midnight", "inactivity_resets", "reversal_grace_days", "clawback_rule", "unlock_above_points",
    "unlock_minimum_order", "tier_metric", "tier_window", "tier_window_days", "tier_term_days", "tier_grace_days",
    "downgrade_policy", "refunds_downgrade", "point_price", "expected_redemption_rate", "explanation",
)  # fmt: skip


def rule(programme: str, valid_from: date, chance: random.Random, **settings) -> dict:
    """A programme's row: what is not given is drawn."""
    drawn = {
        "programme": programme,
        "valid_from": valid_from,
        "time_zone": chance.choice(ZONES),
        "pending_days": chance.choice((0, 0, 14, 14, 2, None)),
        "expiry_policy": chance.choice(POLICIES),
        "expiry_days": chance.choice((1, 3, 10, 10, 14, 20)),  # 10 and 3 expire before 14 days of pending are over
        "expires_at_midnight": chance.random() < 0.5,
        "inactivity_resets": chance.choice(RESETS),
        "reversal_grace_days": chance.choice((0, 2, 10, 20)),
        "clawback_rule": chance.choice(CLAWBACK_RULES),
    }
    found = dict.fromkeys(PROGRAMME_COLUMNS) | drawn | settings
    if found["expiry_policy"] in ("told", "none") and chance.random() < 0.5:
        found["expiry_days"] = None
    return found


def rules_that_change(programme: str, start: date, chance: random.Random, **settings) -> list[dict]:
    """One row, or two or three with the later ones in the middle of what happens. The first one reaches back."""
    days = chance.choice(((7,), (7,), (7, CHANGE_DAYS), (0, CHANGE_DAYS, 24)))
    rows = [rule(programme, start + timedelta(days=days[0]), chance, **settings)]
    for day in days[1:]:
        rows.append(rule(programme, start + timedelta(days=day), chance))
    return rows


def instants(rules: list[dict], start: date, chance: random.Random) -> list[datetime]:
    """Few: half days, what follows from them by a rule, when rules change, and rarely the second beside."""
    grid = [datetime.combine(start, time()) + timedelta(hours=12 * chance.randrange(80)) for _ in range(5)]
    found = list(grid)
    for each in rules:
        zone = ZoneInfo(each["time_zone"] or "UTC")

        def midnight(day: date, zone: ZoneInfo = zone) -> datetime:
            return datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)

        found.append(midnight(each["valid_from"]))
        expiry = timedelta(days=each["expiry_days"] or 10)
        for at in (*grid[:3], found[-1]):
            active_at = at + timedelta(days=each["pending_days"] or 0)
            local = active_at.replace(tzinfo=UTC).astimezone(zone).date()
            found += [active_at, active_at + expiry, midnight(local + expiry), at + expiry]
            found.append(active_at + expiry + timedelta(days=each["reversal_grace_days"]))
    chosen = grid + chance.sample(found, min(len(found), 7))
    if chance.random() < 0.2:
        chosen.append(chance.choice(chosen) + timedelta(seconds=chance.choice((-1, 1))))
    return chosen


def booking(booking_id: str, source_name: str, programme: str, member_id: str, **told) -> dict:
    """A row of the bookings; dates follow from the rules unless told."""
    return {
        "booking_id": booking_id,
        "source_name": source_name,
        "programme": programme,
        "member_id": member_id,
        "source_record_type": "member",
        "source_record_id": member_id,
        "booked_at": None,
        "entry_type": None,
        "points": Decimal("0.00"),
        "activation": "rule",
        "active_at": None,
        "expiry": "rule",
        "expires_at": None,
        "order_reference": None,
        "reason": None,
    } | told


def amount(chance: random.Random) -> Decimal:
    return Decimal(chance.choice(AMOUNTS)).quantize(Decimal("0.01"))


def mixed(
    key: str, source_name: str, programme: str, member_id: str, rules: list[dict], start: date, chance: random.Random
) -> list[dict]:
    """Bookings of all types. Ids are in no order; the same orders are earned, clawed back, spent on and cancelled."""
    when = instants(rules, start, chance)
    count = chance.randrange(1, 15)
    found = []
    for number in chance.sample(range(100), count):
        entry_type = chance.choice(ENTRY_TYPES)
        points = amount(chance)
        if entry_type in NEGATIVE or (entry_type in ("adjust", "transfer") and chance.random() < 0.5):
            points = -points
        told = {}
        if entry_type in LOT_TYPES and chance.random() < 0.3:
            told["activation"] = chance.choice(("at", "at", "waits"))
            told["active_at"] = chance.choice(when) if told["activation"] == "at" else None
        if entry_type in LOT_TYPES and chance.random() < 0.3:
            told["expiry"] = chance.choice(("at", "at", "never"))
            told["expires_at"] = chance.choice(when) if told["expiry"] == "at" else None
        found.append(booking(
            f"{key}-{number}", source_name, programme, member_id,
            booked_at=chance.choice(when), entry_type=entry_type, points=points,
            order_reference=chance.choice(("o1", "o1", "o2", "o3", None)), **told,
        ))  # fmt: skip
    return found


def story(
    key: str, source_name: str, programme: str, member_id: str, rules: list[dict], start: date, chance: random.Random
) -> list[dict]:
    """What shops see: orders that earn, are paid with points, and are returned or cancelled, in parts and twice."""
    earned, spent = amount(chance), amount(chance)
    parts = {"whole": (1,), "half": (2,), "twice": (1, 1), "halves": (2, 2), "more": (Decimal("0.5"),)}
    told = [("earn", "o1", earned), ("earn", chance.choice(("o1", "o2")), amount(chance)), ("spend", "o9", -spent)]
    if chance.random() < 0.5:
        told.append(("spend", chance.choice(("o9", "o8")), -amount(chance)))
    if chance.random() < 0.7:
        told += [("spend_reversal", "o9", spent / part) for part in chance.choice(list(parts.values()))]
    if chance.random() < 0.7:
        told += [("clawback", "o1", -earned / part) for part in chance.choice(list(parts.values()))]
    told.insert(chance.randrange(2, len(told) + 1), ("earn", "o3", amount(chance)))
    if chance.random() < 0.7:  # what came back within its grace is there again
        told.append((chance.choice(("spend", "clawback", "adjust")), chance.choice(("o1", "o7")), -amount(chance)))
    steps = sorted(chance.choices(instants(rules, start, chance), k=len(told)))
    found = [
        booking(
            f"{key}-{chance.randrange(10)}-{number}", source_name, programme, member_id,
            booked_at=at, entry_type=kind, points=points.quantize(Decimal("0.01")), order_reference=order,
        )
        for number, (at, (kind, order, points)) in enumerate(zip(steps, told, strict=True))
    ]  # fmt: skip
    if chance.random() < 0.4:  # the first points expire in the middle of it
        found[0] |= {"expiry": "at", "expires_at": chance.choice(steps[2:])}
    return found


def uniform(
    key: str, source_name: str, programme: str, member_id: str, rules: list[dict], start: date, chance: random.Random
) -> list[dict]:
    """Earns and spends only, all by one rule: lots expire in the order in which they were booked."""
    when = instants(rules, start, chance)
    return [
        booking(
            f"{key}-{number}", source_name, programme, member_id, booked_at=chance.choice(when), entry_type=kind,
            points=-amount(chance) if kind == "spend" else amount(chance), order_reference=f"o{number}",
        )
        for number, kind in enumerate(chance.choices(("earn", "spend"), k=chance.randrange(2, 15)))
    ]  # fmt: skip


def programmes(chance: random.Random) -> list[tuple[str, str, list[dict], date]]:
    """(source name, programme, its rows, when its members are busy): every policy with every border, and a default.

    `talon_one:u...` have one row and uniform members. The sub-ledgers `:birthday` follow their source's rows.
    """
    found = []
    borders = product(POLICIES, (0, 14), (0, 10), CLAWBACK_RULES)
    for number, (policy, pending_days, grace_days, clawback_rule) in enumerate(borders):
        start = STARTS[number % 3 % 2]
        rows = rules_that_change(
            f"talon_one:{number}", start, chance, expiry_policy=policy, pending_days=pending_days,
            reversal_grace_days=grace_days, clawback_rule=clawback_rule,
        )  # fmt: skip
        found.append(("talon_one", f"talon_one:{number}", rows, start))
    for number, at_midnight in enumerate((True, False, True, False)):
        start = STARTS[number % 2]
        lot = {"expiry_policy": "lot", "expires_at_midnight": at_midnight}
        rows = rules_that_change(f"pos:{number}", start, chance, **lot)
        found.append(("pos", f"pos:{number}", rows, start))
        # what let points live for ever starts to look at inactivity
        rows = [
            rule(f"yotpo_loyalty:{number}", start, chance, expiry_policy="none"),
            rule(f"yotpo_loyalty:{number}", start + timedelta(CHANGE_DAYS), chance, expiry_policy="inactivity"),
        ]
        found.append(("yotpo_loyalty", f"yotpo_loyalty:{number}", rows, start))
    for number, policy in enumerate(("lot", "lot", "lot", "lot", "inactivity", "inactivity", "inactivity", "none")):
        start = STARTS[number % 2]
        rows = [rule(f"talon_one:u{number}", start, chance, expiry_policy=policy)]
        found.append(("talon_one", f"talon_one:u{number}", rows, start))
    rows = rules_that_change("talon_one", STARTS[0], chance)
    found += [("talon_one", f"talon_one:{number}:birthday", rows, STARTS[0]) for number in (0, 1)]
    return found


def member(
    number: int, source_name: str, programme: str, rules: list[dict], start: date, chance: random.Random
) -> list[dict]:
    """One member's bookings. Every other member has the id of the one before, in another programme."""
    make = uniform if ":u" in programme else chance.choice((mixed, mixed, story))
    member_id = f"m{number - (number % 2)}"
    return make(f"b{number}", source_name, programme, member_id, rules, start, chance)


def members(seed: int, count: int) -> tuple[list[dict], list[dict]]:
    """(bookings of so many members, in no order; the programmes' rows)."""
    chance = random.Random(seed)
    run = programmes(chance)
    bookings = []
    for number in range(count):
        # neighbours share a member id but never a programme
        bookings += member(number, *chance.choice(run[number % 2 :: 2]), chance)
    chance.shuffle(bookings)
    rows = {(row["programme"], row["valid_from"]): row for *_, rules, _ in run for row in rules}
    return bookings, list(rows.values())


def member_bookings() -> st.SearchStrategy[tuple[list[dict], list[dict]]]:
    """(one member's bookings, its programme's rows), for hypothesis, which makes them smaller when a test fails."""

    def one(chance: random.Random) -> tuple[list[dict], list[dict]]:
        start = chance.choice(STARTS)
        rules = rules_that_change("talon_one:37", start, chance)
        make = chance.choice((mixed, story))
        return make("b", "talon_one", "talon_one:37", "m", rules, start, chance), rules

    return st.randoms(use_true_random=False).map(one)
