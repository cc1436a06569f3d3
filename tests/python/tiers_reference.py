"""
Tiers of one member of a loyalty programme, one instant after the other: what the models' windows and folds must equal.

Instants are naive datetimes in UTC, amounts Decimals. A review at the end of a term comes before what is counted at
that instant; of what is counted at one instant the metric has all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Rule:
    """What holds from `starts_at` on; at_least has the threshold of each rank, from 0."""

    starts_at: datetime
    zone: str
    metric: str
    window: str
    window_days: int
    term_days: int
    grace_days: int
    one_down: bool
    refunds_downgrade: bool
    at_least: tuple[Decimal, ...]

    def year_begins(self, at: datetime, later: int = 0) -> datetime:
        year = at.replace(tzinfo=UTC).astimezone(ZoneInfo(self.zone)).year + later
        return datetime(year, 1, 1, tzinfo=ZoneInfo(self.zone)).astimezone(UTC).replace(tzinfo=None)

    def earned(self, metric: Decimal) -> int:
        return max((rank for rank, at_least in enumerate(self.at_least) if at_least <= metric), default=0)


@dataclass(frozen=True)
class Step:
    at: datetime
    rank: int
    cause: str
    metric: Decimal
    until: datetime | None


def in_force(rules: list[Rule], at: datetime) -> Rule:
    """Rules in order of time; the first reaches back for ever."""
    return [rule for rule in rules if rule.starts_at <= at or rule is rules[0]][-1]


def qualifying(bookings: Iterable[dict], orders: dict, refunds: Iterable[tuple], rules: list[Rule]) -> list[tuple]:
    """(instant, amount) of what counts; orders: amount by reference, refunds: (order, instant, amount)."""
    found, named = [], {}
    for booking in sorted(bookings, key=lambda one: one["booked_at"]):
        at, rule = booking["booked_at"], in_force(rules, booking["booked_at"])
        if booking["entry_type"] == "earn" and booking["order_reference"]:
            named.setdefault(booking["order_reference"], at)
        counts = booking["entry_type"] == "earn" or (booking["entry_type"] == "clawback" and rule.refunds_downgrade)
        if rule.metric == "points" and counts:
            found.append((at, booking["points"]))
    for order, at in named.items():
        metric = in_force(rules, at).metric
        if metric == "orders":
            found.append((at, Decimal(1)))
        elif metric in ("spend", "net_spend") and order in orders:
            found.append((at, orders[order]))
    for order, at, amount in refunds:
        if order in named and in_force(rules, at).metric == "net_spend":
            found.append((at, -amount))
    return sorted(found)


def measure(counted: list[tuple], rule: Rule, at: datetime, is_review: bool = False) -> Decimal:
    """The window that ends at an instant. A review on New Year's Day looks at the year that is over."""
    last = at - MOMENT if is_review and rule.window == "calendar" else at
    if rule.window == "rolling":
        opens = last - timedelta(days=rule.window_days) + MOMENT
    elif rule.window == "calendar":
        opens = rule.year_begins(last)
    else:
        opens = datetime.min
    return sum((amount for when, amount in counted if opens <= when <= last), Decimal(0))


def term_ends(rule: Rule, at: datetime, is_review: bool = False) -> datetime | None:
    """From the instant at which a tier was reached, or at which the term before ended."""
    if rule.window == "rolling":
        return at + timedelta(days=rule.term_days)
    if rule.window == "calendar":
        return rule.year_begins(at - MOMENT if is_review else at, 2)
    return None


def steps(counted: list[tuple], rules: list[Rule], cut: datetime) -> list[Step]:
    """Every change and renewal before the cut."""
    rank, until, log = 0, None, []
    instants = sorted({at for at, _ in counted if at < cut})

    def review_until(now: datetime, with_it: bool) -> None:
        nonlocal rank, until
        while until is not None:
            rule = in_force(rules, until)
            due, at = until, until + timedelta(days=rule.grace_days)
            if at > now or (at == now and not with_it):
                return
            metric = max(measure(counted, rule, end, is_review=True) for end in (due, at))
            earned = rule.earned(metric)
            rank = earned if earned >= rank or not rule.one_down else rank - 1
            until = term_ends(rule, due, is_review=True) if rank else None
            log.append(Step(at, rank, "term_over", metric, until))

    for now in instants:
        review_until(now, with_it=True)
        rule = in_force(rules, now)
        metric = measure(counted, rule, now)
        earned = rule.earned(metric)
        takes_back = rule.refunds_downgrade and any(at == now and amount < 0 for at, amount in counted)
        if earned > rank or (takes_back and earned < rank):
            cause = "spend" if earned > rank else "refund"
            rank, until = earned, term_ends(rule, now) if earned else None
            log.append(Step(now, rank, cause, metric, until))
    review_until(cut, with_it=False)
    return log


def state(counted: list[tuple], rules: list[Rule], cut: datetime) -> tuple:
    """(rank, until, what is missing to the next tier, what is missing to stay) as of the cut."""
    log = steps(counted, rules, cut)
    rank, until = (log[-1].rank, log[-1].until) if log else (0, None)
    rule = in_force(rules, cut - MOMENT)
    to_next = None
    if rank + 1 < len(rule.at_least):
        to_next = max(rule.at_least[rank + 1] - measure(counted, rule, cut - MOMENT), Decimal(0))
    if rank == 0 or until is None:
        return rank, until, to_next, None if rank == 0 else Decimal(0)
    rule = in_force(rules, until)
    missing = rule.at_least[rank] - measure(counted, rule, until, is_review=True)
    if until < cut and missing > 0:  # in days of grace: what comes now no longer belongs to the term's own window
        missing = rule.at_least[rank] - measure(counted, rule, until + timedelta(days=rule.grace_days), is_review=True)
    return rank, until, to_next, max(missing, Decimal(0))


def stays(joined_at: datetime, log: list[Step]) -> list[tuple]:
    """(from, to, rank, change, cause, metric, until); of changes at one instant the last one shows."""
    last = {joined_at: Step(joined_at, 0, "joined", None, None)} | {step.at: step for step in log}
    found, before = [], 0
    ends = [*list(last)[1:], None]
    for (at, step), end in zip(last.items(), ends, strict=True):
        change = "renewal" if step.rank == before else "upgrade" if step.rank > before else "downgrade"
        found.append((at, end, step.rank, "joined" if step.cause == "joined" else change, step.cause, step.metric,
                      step.until))  # fmt: skip
        before = step.rank
    return found
