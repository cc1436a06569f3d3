"""The plain ledger against cases counted by hand, against a closed form, and against what no ledger may do."""

from collections import Counter, defaultdict
from dataclasses import astuple
from datetime import date, datetime, timedelta
from decimal import Decimal

import loyalty_reference
import pytest
from hypothesis import HealthCheck, given, settings
from loyalty_reference import Ledger, Parts, midnight, play, play_all, rules_of
from loyalty_worlds import NEGATIVE, booking, member_bookings, members

JANUARY, MARCH, APRIL = datetime(2024, 1, 10, 10), datetime(2024, 3, 10, 10), datetime(2024, 4, 10, 10)
DAY = timedelta(days=1)
MOMENT = timedelta(microseconds=1)


def rule(valid_from: date = date(2020, 1, 1), **settings) -> dict:
    return {"programme": "club", "valid_from": valid_from} | settings


def club(*rows: tuple, rules: tuple = ()) -> Ledger:
    """Of bookings as (instant, entry type, points, order, what else is told); they are named a, b, c in their order."""

    def told(name: str, at: datetime, kind: str, points: float, order: str | None = None, more: dict | None = None):
        points = Decimal(str(points)) * (-1 if kind in NEGATIVE else 1)
        more = {"booked_at": at, "entry_type": kind, "points": points, "order_reference": order} | (more or {})
        return booking(name, "pos", "club", "m", **more)

    return play([told(name, *row) for name, row in zip("abcdefgh", rows, strict=False)], list(rules) or [rule()])


def left(ledger: Ledger, before: datetime | None = None) -> dict[str, float]:
    """Points that are usable, by lot."""
    return {lot: parts.available / 100 for lot, parts in ledger.state(before).lots.items()}


def moves(ledger: Ledger, *kinds: str) -> list[tuple]:
    return [(each.lot_id, each.kind, each.at, each.points / 100) for each in ledger.moves if each.kind in kinds]


# What programmes publish


def test_the_oldest_points_are_spent_first():
    ledger = club((JANUARY, "earn", 100), (MARCH, "earn", 150), (APRIL, "spend", 120))
    assert left(ledger) == {"a": 0, "b": 130}


def test_what_expires_first_is_spent_first():
    soon = {"expiry": "at", "expires_at": APRIL + DAY}
    ledger = club((JANUARY, "earn", 100), (MARCH, "earn", 150, None, soon), (APRIL, "spend", 120))
    assert left(ledger, APRIL + MOMENT) == {"a": 100, "b": 30}


def test_a_refund_in_part_takes_its_part_back():
    ledger = club((JANUARY, "earn", 100, "o1"), (MARCH, "clawback", 75, "o1"))
    assert astuple(ledger.state().total) == (10000, 0, 2500, 0, 0, 7500, 0, 0)


def test_points_that_are_spent_before_the_order_is_returned_are_owed():
    ledger = club((JANUARY, "earn", 50, "o1"), (MARCH, "spend", 50), (MARCH + DAY, "clawback", 50, "o1"))
    assert (ledger.state().debt, ledger.state().total.available) == (5000, 0)
    told = ((JANUARY, "earn", 50, "o1"), (MARCH, "spend", 50), (MARCH + DAY, "clawback", 50, "o1"))
    ledger = club(*told, (APRIL, "earn", 80))
    assert (ledger.state(APRIL).debt, ledger.state().debt) == (5000, 0)
    assert ledger.state().lots["d"] == Parts(issued=8000, available=3000, repaid=5000)


def test_the_balance_pays_before_debt_where_the_rule_says_so():
    told = (
        (JANUARY, "earn", 50, "o1"),
        (JANUARY, "earn", 30, "o2"),
        (MARCH, "spend", 50),
        (APRIL, "clawback", 50, "o1"),
    )
    for rule_name, debt, other in (("lot_then_debt", 5000, 30), ("lot_then_balance", 2000, 0)):
        ledger = club(*told, rules=(rule(clawback_rule=rule_name),))
        assert (ledger.debt, left(ledger)) == (debt, {"a": 0, "b": other})


def test_an_order_that_earned_nothing_is_clawed_back_from_the_balance():
    ledger = club((JANUARY, "earn", 50, "o1"), (MARCH, "clawback", 60, "o2"))
    assert (ledger.debt, left(ledger)) == (1000, {"a": 0})


def test_a_year_of_points_is_there_on_day_365_and_gone_on_day_366():
    day_365 = datetime(2025, 1, 9)  # its first instant
    exact = rule(expiry_policy="lot", expiry_days=365)
    at_midnight = rule(expiry_policy="lot", expiry_days=366, expires_at_midnight=True)
    for a_rule, expiry in ((exact, day_365.replace(hour=10)), (at_midnight, day_365 + DAY)):
        ledger = club((JANUARY, "earn", 10), rules=(a_rule,))
        assert moves(ledger, "expire") == [("a", "expire", expiry, 10)]
        assert [left(ledger, at)["a"] for at in (day_365 + DAY / 24, day_365 + DAY + MOMENT)] == [10, 0]


def test_a_day_begins_at_the_programmes_midnight():
    """New Year in Berlin; its clocks go forward on 31 March; Santiago has no midnight on 8 September."""
    rules = (rule(expiry_policy="lot", expiry_days=30, expires_at_midnight=True, time_zone="Europe/Berlin"),)
    winter, spring = datetime(2023, 12, 31, 23, 30), datetime(2024, 3, 1, 23, 30)
    ledger = club((winter, "earn", 10), (spring, "earn", 10), rules=rules)
    assert [lot.expires_at for lot in ledger.lots] == [datetime(2024, 1, 30, 23), datetime(2024, 3, 31, 22)]
    rules = (rules[0] | {"time_zone": "America/Santiago"},)
    (lot,) = club((datetime(2024, 8, 9, 12), "earn", 10), rules=rules).lots
    assert lot.expires_at == datetime(2024, 9, 8, 4) == midnight(date(2024, 9, 8), rules_of("club", "", rules)[0].zone)


def test_points_come_back_to_their_lots_with_their_expiry():
    rules = (rule(expiry_policy="lot", expiry_days=100, reversal_grace_days=7),)
    ledger = club(
        (JANUARY, "earn", 100), (MARCH, "earn", 50), (MARCH + DAY, "spend", 120, "o1"),
        (APRIL, "spend_reversal", 40, "o1"), rules=rules,
    )  # fmt: skip
    assert left(ledger, APRIL + MOMENT) == {"a": 20, "b": 50}  # the later of the two gets its 20 first
    assert moves(ledger, "expire") == [("a", "expire", JANUARY + 100 * DAY, 20), ("b", "expire", MARCH + 100 * DAY, 50)]


@pytest.mark.parametrize(("grace", "gone"), [(0, APRIL), (7, APRIL + 7 * DAY)])
def test_points_that_come_back_too_late_expire_at_once_or_after_the_grace(grace, gone):
    rules = (rule(expiry_policy="lot", expiry_days=80, reversal_grace_days=grace),)
    told = ((JANUARY, "earn", 100), (MARCH, "spend", 60, "o1"), (APRIL, "spend_reversal", 60, "o1"))
    ledger = club(*told, rules=rules)
    assert moves(ledger, "expire") == [("a", "expire", JANUARY + 80 * DAY, 40), ("a", "expire", gone, 60)]
    spent = club(*told, (APRIL + DAY, "spend", 10), rules=rules)
    assert moves(spent, "uncovered") == ([] if grace else [(None, "uncovered", APRIL + DAY, 10)])


def test_a_return_at_the_instant_of_expiry_expires_with_the_lot():
    rules = (rule(expiry_policy="lot", expiry_days=10, reversal_grace_days=7),)
    ledger = club(
        (JANUARY, "earn", 100), (JANUARY + DAY, "spend", 60, "o1"),
        (JANUARY + 10 * DAY, "spend_reversal", 60, "o1"), rules=rules,
    )  # fmt: skip
    assert moves(ledger, "expire") == [("a", "expire", JANUARY + 10 * DAY, 100)]


def test_no_more_comes_back_than_was_taken():
    ledger = club(
        (JANUARY, "earn", 50), (MARCH, "spend", 80, "o1"), (MARCH + DAY, "spend_reversal", 30, "o1"),
        (APRIL, "spend_reversal", 80, "o1"),
    )  # fmt: skip
    assert left(ledger) == {"a": 50}
    assert moves(ledger, "uncovered") == [(None, "uncovered", MARCH, 30), (None, "uncovered", APRIL, -60)]


def test_points_that_come_back_from_nowhere_are_a_lot():
    """From an order without a spend, from one that is spent on only at this instant, from no order at all."""
    ledger = club((JANUARY, "spend_reversal", 10, "o1"), (MARCH, "spend", 4), (APRIL, "spend_reversal", 4))
    assert left(ledger) == {"a": 6, "c": 4}
    ledger = club((MARCH, "spend", 4, "o1"), (MARCH, "spend_reversal", 5, "o1"))
    assert left(ledger) == {"b": 1}


def test_a_correction_of_nothing_is_a_lot_of_nothing():
    assert left(club((JANUARY, "adjust", 0), (MARCH, "spend", 0))) == {"a": 0}


# Inactivity

QUIET = {"expiry_policy": "inactivity", "expiry_days": 30, "inactivity_resets": "order"}


def test_a_balance_lapses_as_a_whole_after_the_last_order():
    ledger = club(
        (JANUARY, "earn", 10, "o1"), (JANUARY + 20 * DAY, "adjust", 5), (JANUARY + 29 * DAY, "earn", 7, "o2"),
        (JANUARY + 40 * DAY, "adjust", 1), rules=(rule(**QUIET),),
    )  # fmt: skip
    lapsed = JANUARY + 59 * DAY
    assert {lot.expires_at for lot in ledger.lots} == {lapsed}
    assert [ledger.state(at).total.available for at in (lapsed, lapsed + MOMENT)] == [2300, 0]


def test_an_order_at_the_instant_of_lapse_is_too_late():
    ledger = club((JANUARY, "earn", 10, "o1"), (JANUARY + 30 * DAY, "earn", 7, "o2"), rules=(rule(**QUIET),))
    assert left(ledger, JANUARY + 30 * DAY + MOMENT) == {"a": 0, "b": 7}


def test_points_without_an_order_live_on_their_own_until_one_comes():
    told = ((JANUARY, "adjust", 10), (JANUARY + DAY, "adjust", 5))
    ledger = club(*told, rules=(rule(**QUIET),))
    assert [lot.expires_at for lot in ledger.lots] == [JANUARY + 30 * DAY, JANUARY + 31 * DAY]
    ledger = club(*told, (JANUARY + 30 * DAY, "earn", 1, "o1"), rules=(rule(**QUIET),))
    assert [lot.expires_at for lot in ledger.lots] == [JANUARY + 30 * DAY, *[JANUARY + 60 * DAY] * 2]


def test_turning_inactivity_on_expires_nothing_at_once():
    rules = (rule(expiry_policy="none"), rule(date(2024, 3, 31), time_zone="Europe/Berlin", **QUIET))
    turned_on = datetime(2024, 3, 30, 23)
    ledger = club((JANUARY - 700 * DAY, "earn", 10, "o1"), (JANUARY, "earn", 10, "o2"), rules=rules)
    assert {lot.expires_at for lot in ledger.lots} == {turned_on + 30 * DAY}
    ledger = club((JANUARY, "earn", 10, "o1"), (APRIL, "earn", 10, "o2"), rules=rules)
    assert {lot.expires_at for lot in ledger.lots} == {APRIL + 30 * DAY}
    # it is as if an order had come, for a member who had points before
    ledger = club((JANUARY, "earn", 10), (turned_on + 20 * DAY, "adjust", 5), rules=rules)
    assert {lot.expires_at for lot in ledger.lots} == {turned_on + 30 * DAY}
    ledger = club((turned_on, "adjust", 10), (turned_on + 20 * DAY, "adjust", 5), rules=rules)
    assert [lot.expires_at for lot in ledger.lots] == [turned_on + 30 * DAY, turned_on + 50 * DAY]


def test_points_that_lived_for_ever_follow_the_first_inactivity_rule_that_comes():
    forever, first = rule(expiry_policy="none"), rule(date(2024, 2, 1), **QUIET)
    then = rule(date(2024, 2, 10), **QUIET | {"expiry_days": 90})
    (lot,) = club((JANUARY, "earn", 1), rules=(then, forever, first)).lots
    assert lot.expires_at == datetime(2024, 3, 2)
    (lot,) = club((JANUARY, "earn", 1), rules=(rule(date(2020, 1, 1), **QUIET), rule(date(2024, 1, 1)))).lots
    assert lot.expires_at is None


def test_what_keeps_a_balance_alive():
    alive = set()
    for setting in ("earn", "spend", "adjust", "order"):
        for kind in ("earn", "import", "spend", "adjust", "clawback", "transfer"):
            rules = (rule(**QUIET | {"inactivity_resets": setting}),)
            ledger = club((JANUARY, "transfer", 9), (JANUARY + 20 * DAY, kind, 1, "o1"), rules=rules)
            if ledger.lots[0].expires_at == JANUARY + 50 * DAY:
                alive.add((setting, kind))
    assert alive == {("earn", "earn"), ("earn", "import"), ("spend", "spend"), ("adjust", "adjust"), ("order", "earn")}


# What the rules decide


def test_the_order_within_one_instant():
    """Lot, activation, return, correction, expiry, spend, clawback, correction downwards, whatever their names are."""
    at, pending = JANUARY + 14 * DAY, {"activation": "at", "active_at": JANUARY + 14 * DAY}
    ledger = club(
        (at, "adjust", -10), (at, "clawback", 25, "o1"), (at, "spend", 100), (JANUARY, "earn", 50, "o1", pending),
        (JANUARY, "earn", 7, "o2", {"expiry": "at", "expires_at": at}), (at, "earn", 80, "o1"),
    )  # fmt: skip
    assert moves(ledger, "expire", "spend", "clawback", "adjust", "uncovered", "debt") == [
        ("e", "expire", at, 7),
        ("d", "spend", at, 50),
        ("f", "spend", at, 50),
        ("f", "clawback", at, 25),
        ("f", "adjust", at, 5),
        (None, "uncovered", at, 5),
    ]


def test_pending_points_are_clawed_back_but_not_spent():
    ledger = club(
        (JANUARY, "earn", 50, "o1"), (JANUARY + DAY, "spend", 10), (JANUARY + DAY, "clawback", 20, "o1"),
        rules=(rule(pending_days=14),),
    )  # fmt: skip
    assert moves(ledger, "uncovered", "clawback") == [
        (None, "uncovered", JANUARY + DAY, 10),
        ("a", "clawback", JANUARY + DAY, 20),
    ]
    assert ledger.state(JANUARY + 14 * DAY).total == Parts(issued=5000, pending=3000, clawed_back=2000)
    assert ledger.state(JANUARY + 14 * DAY + MOMENT).total == Parts(issued=5000, available=3000, clawed_back=2000)


def test_what_expires_before_it_activates_pays_no_debt():
    told = {"activation": "at", "active_at": APRIL, "expiry": "at", "expires_at": APRIL}
    ledger = club((JANUARY, "clawback", 10), (MARCH, "earn", 30, "o1", told))
    assert (ledger.debt, ledger.state().total.expired) == (1000, 3000)


def test_told_expiries_count_where_the_programme_tells_them():
    told = ((JANUARY, "earn", 10), (MARCH, "earn", 10), (APRIL, "expire", 12))
    assert left(club(*told)) == {"a": 10, "b": 10}
    assert left(club(*told, rules=(rule(expiry_policy="told"),))) == {"a": 0, "b": 8}


def test_what_waits_is_pending_for_ever():
    rules = (rule(expiry_policy="lot", expiry_days=1),)
    ledger = club((JANUARY, "earn", 10, "o1", {"activation": "waits"}), (APRIL, "spend", 1), rules=rules)
    assert ledger.state().total == Parts(issued=1000, pending=1000)


def test_a_lot_keeps_the_rule_of_the_instant_at_which_it_was_booked():
    rules = (rule(expiry_policy="lot", expiry_days=5), rule(date(2024, 3, 10), expiry_policy="lot", expiry_days=9))
    turn = datetime(2024, 3, 10)
    ledger = club((turn - MOMENT, "earn", 1), (turn, "earn", 1), rules=rules)
    assert [lot.expires_at for lot in ledger.lots] == [turn - MOMENT + 5 * DAY, turn + 9 * DAY]


def test_a_programme_without_rules_has_its_sources():
    rules = (rule(expiry_policy="lot", expiry_days=5) | {"programme": "pos"}, rule(expiry_days=1) | {"programme": "x"})
    assert club((JANUARY, "earn", 1), rules=rules).lots[0].expires_at == JANUARY + 5 * DAY
    rules = (*rules, rule(pending_days=2))
    assert club((JANUARY, "earn", 1), rules=rules).lots[0].expires_at is None


def test_nothing_is_known_of_what_comes_later():
    told = [booking("a", "pos", "club", "m", booked_at=JANUARY, entry_type="earn", points=Decimal(10))]
    assert play(told, [rule()], now=JANUARY).lots == []
    assert play(told, [rule()]).state(JANUARY).lots == {}
    assert play(told, [rule()]).state(JANUARY + MOMENT).total.available == 1000


# Random members


def is_told(each: dict, ledger: Ledger) -> bool:
    """Whether a booking is part of the ledger."""
    return each["entry_type"] != "expire" or ledger.rule_at(each["booked_at"]).expiry_policy == "told"


def check(bookings: list[dict], ledger: Ledger) -> None:
    """What holds of every ledger, counted again from its moves and the bookings."""
    bookings = [each for each in bookings if is_told(each, ledger)]
    booked = {each["booking_id"]: each for each in bookings}
    lots = {lot.lot_id: lot for lot in ledger.lots}
    changes = {each.at for each in ledger.moves} | {each["booked_at"] for each in bookings}
    changes |= {lot.active_at for lot in ledger.lots if lot.active_at}
    debt_before = 0
    for at in sorted(changes):
        for before in (at, at + MOMENT):
            state, done = ledger.state(before), [each for each in ledger.moves if each.at < before]
            for parts in (*state.lots.values(), state.total):
                issued, *others = astuple(parts)
                assert issued == sum(others)
                assert min(others) >= 0
            total, points = state.total, [each for each in bookings if each["booked_at"] < before]
            by_date = sum(each.points for each in done if each.kind == "expire" and each.booking_id is None)
            assert total.pending + total.available - state.debt == (
                sum(int(each["points"] * 100) for each in points) - by_date + state.uncovered
            )
            clawed_back = any(each["entry_type"] == "clawback" and each["booked_at"] == at for each in points)
            assert state.debt >= 0
            assert state.debt <= debt_before or clawed_back
            debt_before = state.debt
            for lot_id, parts in state.lots.items():
                lot = lots[lot_id]
                assert not parts.pending or lot.active_at is None or lot.active_at >= before
                assert not parts.available or lot.until is None or lot.until >= before
    assert [each.at for each in ledger.moves] == sorted(each.at for each in ledger.moves)
    assert all(each.points for each in ledger.moves)
    of_booking = defaultdict(int)
    for each in ledger.moves:
        if each.booking_id:
            of_booking[each.booking_id] += each.points
        if each.lot_id:
            lot = lots[each.lot_id]
            assert each.at >= lot.earned_at
            assert each.kind in ("expire", "clawback") or lot.active_at <= each.at
            assert lot.until is None or each.at < lot.until or each.kind in ("expire", "spend_reversal")
        if each.kind == "debt":
            assert booked[each.booking_id]["entry_type"] == "clawback"
    for key, each in booked.items():
        assert of_booking[key] == (0 if key in lots else -int(each["points"] * 100))
    end = ledger.state()
    assert {lot.lot_id: lot.remaining for lot in ledger.lots} == {
        lot_id: parts.pending + parts.available for lot_id, parts in end.lots.items()
    }
    assert ledger.debt == end.debt


def everybody(seed: int, count: int) -> list[tuple[list[dict], Ledger, list[dict]]]:
    bookings, rules = members(seed, count)
    own = defaultdict(list)
    for each in bookings:
        own[each["programme"], each["member_id"]].append(each)
    return [(own[member], ledger, rules) for member, ledger in play_all(bookings, rules).items()]


@pytest.fixture(scope="module")
def random_members() -> list[tuple[list[dict], Ledger, list[dict]]]:
    return everybody(7, 1_500)


def test_no_point_comes_from_nowhere_or_gets_lost(random_members):
    for bookings, ledger, _ in random_members:
        check(bookings, ledger)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(member_bookings())
def test_no_point_gets_lost_whatever_is_booked(member):
    bookings, rules = member
    check(bookings, play(bookings, rules))


def test_the_order_of_rows_and_later_bookings_change_nothing(random_members):
    for bookings, ledger, rules in random_members[:300]:
        told = sorted(bookings, key=lambda each: each["booking_id"])
        assert play(told, rules).moves == ledger.moves
        middle = sorted(each["booked_at"] for each in bookings)[len(bookings) // 2]
        known = play(bookings, rules, now=middle)
        assert astuple(known.state(middle)) == astuple(ledger.state(middle))


def test_the_expiry_of_uniform_lots_has_a_closed_form(random_members):
    """By t has expired what the lots that were gone by some instant had brought, less what was spent before it."""
    uniform = [each for each in random_members if ":u" in each[0][0]["programme"]]
    assert len(uniform) > 50
    for bookings, ledger, _ in uniform:
        lots, spends = ledger.lots, []  # at, points that were there to be spent
        brought = [(lot.expires_at, sum(each.points for each in lots[: lot.lot_no])) for lot in lots if lot.expires_at]

        def spent(before: datetime, spends: list = spends) -> int:
            return sum(points for at, points in spends if at < before)

        def expired(t: datetime, brought: list = brought, spent=spent) -> int:
            return max(0, *(points - spent(at) for at, points in brought if at <= t), 0)

        for each in sorted(bookings, key=lambda each: (each["booked_at"], each["booking_id"])):
            if each["entry_type"] == "spend":
                t = each["booked_at"]
                ever = sum(lot.points for lot in lots if lot.active_at <= t or (lot.expires_at or datetime.max) <= t)
                there = ever - expired(t) - spent(t + MOMENT)
                spends.append((t, min(there, -int(each["points"] * 100))))
        for t in {at for at, _ in (*brought, *spends)}:
            total = ledger.state(t + MOMENT).total
            assert (total.expired, total.spent) == (expired(t), spent(t + MOMENT))


def test_the_members_reach_every_border(random_members):
    """Else a comparison on them would say little."""
    seen = Counter()
    for bookings, ledger, _ in random_members:
        booked = {each["booking_id"]: each for each in bookings}
        lots = {lot.lot_id: lot for lot in ledger.lots}
        expiries = {lot.expires_at for lot in ledger.lots}
        activations = {lot.active_at for lot in ledger.lots if lot.active_at != lot.earned_at}
        reversed_orders = Counter(
            each["order_reference"] for each in bookings if each["entry_type"] == "spend_reversal"
        )
        for each in bookings:
            kind, at = each["entry_type"], each["booked_at"]
            policy = ledger.rule_at(at).expiry_policy
            seen["policy", policy] += 1
            seen["zero", kind] += not each["points"]
            seen["at expiry", kind] += at in expiries
            seen["at activation", kind] += at in activations
            seen["told expiry", policy] += kind == "expire"
            seen["reversed twice"] += kind == "spend" and reversed_orders[each["order_reference"]] > 1
        for lot in ledger.lots:
            seen["lot", lot.entry_type] += 1
            seen["never activates"] += lot.active_at is None
            seen["expires before it activates"] += bool(
                lot.expires_at and lot.active_at and lot.expires_at < lot.active_at
            )
            seen["put off"] += lot.until != lot.expires_at
        for move in ledger.moves:
            seen["move", move.kind, bool(move.booking_id)] += 1
            if move.lot_id:
                lot = lots[move.lot_id]
                seen["pending", move.kind] += move.at < (lot.active_at or datetime.max)
                seen["after expiry", move.kind] += move.at > (lot.expires_at or datetime.max)
            elif move.kind == "debt":
                order = booked[move.booking_id]["order_reference"]
                seen["debt", order is None, order in {lot.order_reference for lot in ledger.lots}] += 1
    never = {("pending", kind) for kind in ("spend", "spend_reversal", "adjust", "repay")} | {("after expiry", "repay")}
    assert not {border for border in never if seen.pop(border, 0)}
    assert {border: times for border, times in seen.items() if times < 2} == {}


# A ledger that breaks a rule is found


def takes_too_much(ledger, lots, wanted, kind, booking):
    for lot in list(lots)[:1]:
        ledger.move(lot, kind, booking["booked_at"], wanted, booking["booking_id"])
        return 0
    return wanted


def gives_without_limit(ledger, booking):
    points = -int(booking["points"] * 100)
    ledger.move(
        ledger.lots[0] if ledger.lots else None, "spend_reversal", booking["booked_at"], points, booking["booking_id"]
    )


def forgets_debt(ledger, lot):
    debt = ledger.debt
    ACTIVATE(ledger, lot)
    ledger.debt = debt


def never_expires(ledger, lot, at):
    return None


def is_usable_too_early(lot, at):
    return lot.is_there(at)


ACTIVATE = Ledger.activate


@pytest.mark.parametrize(
    ("owner", "rule_name", "planted"),
    [
        ("Ledger", "take", takes_too_much),
        ("Ledger", "give_back", gives_without_limit),
        ("Ledger", "activate", forgets_debt),
        ("Ledger", "expire", never_expires),
        ("Lot", "is_usable", is_usable_too_early),
    ],
)
def test_a_planted_defect_is_found(monkeypatch, owner, rule_name, planted):
    monkeypatch.setattr(getattr(loyalty_reference, owner), rule_name, planted)
    with pytest.raises(AssertionError):
        for bookings, ledger, _ in everybody(7, 200):
            check(bookings, ledger)
