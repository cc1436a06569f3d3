"""The loyalty ledger in plain Python, after its rules and not after the models: one member, one event after the other.

Bookings are rows of int_loyalty_bookings__unioned and rules are rows of seeds/loyalty_programmes.csv, both as dicts
with None for blanks: `points` a Decimal, instants naive datetimes in UTC, `valid_from` a date, settings as their types.
In here points are whole hundredths (int). A period's day has 24 hours; a date begins at its programme's midnight.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

DAY = timedelta(hours=24)
ACTIVATE, EXPIRE = 1, 4  # what follows from dates; 0, 2 and 3 bring points, 5, 6 and 7 take some
RANK = {"earn": 0, "spend_reversal": 2, "import": 3, "expire": 4, "spend": 5, "clawback": 6}
PART_OF_KIND = {
    "spend": "spent",
    "spend_reversal": "spent",
    "expire": "expired",
    "clawback": "clawed_back",
    "adjust": "adjusted",
    "repay": "repaid",
}


def hundredths(points: Decimal) -> int:
    return int(Decimal(points) * 100)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which a local day begins: the first midnight of two, the clock's jump if there is none."""
    return datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)


@dataclass(frozen=True)
class Rule:
    """A row of the programmes, in force from `begins` (UTC) until the next row's."""

    begins: datetime  # of the first row: before everything
    zone: ZoneInfo
    pending_days: int
    expiry_policy: str
    expiry_days: int | None
    expires_at_midnight: bool
    inactivity_resets: tuple[str, ...]
    reversal_grace_days: int
    clawback_rule: str
    overrides_dates: bool  # of a what-if: dates that the platform told do not count


@dataclass
class Lot:
    """Points that came together. `until` is the expiry as it stands: a return after it may put it off."""

    lot_id: str
    entry_type: str
    earned_at: datetime
    active_at: datetime | None  # None: it waits, for ever
    expires_at: datetime | None  # None: never
    points: int  # as issued
    order_reference: str | None
    burns_at: datetime | None  # expiry as it was to be expected when it was booked: what comes later reorders nothing
    lot_no: int = 0  # place in the burn order, from 1
    remaining: int = 0
    until: datetime | None = None

    def is_there(self, at: datetime) -> bool:
        """Booked and not expired, usable or pending."""
        return self.earned_at <= at and (self.until is None or self.until > at)

    def is_usable(self, at: datetime) -> bool:
        return self.is_there(at) and self.active_at is not None and self.active_at <= at


@dataclass(frozen=True)
class Move:
    """Points (hundredths) that leave a lot, negative where they come back. Never 0.

    Debt and uncovered points have no lot; what follows from a date (expire, repay) has no booking. `uncovered` has the
    sign of the other moves of its booking, so that a booking's moves sum to minus its points, but for a lot's own.
    """

    lot_id: str | None
    booking_id: str | None
    kind: str  # spend, spend_reversal, clawback, adjust, expire, repay, debt, uncovered
    at: datetime
    points: int


@dataclass
class Parts:
    """Where the points (hundredths) of a lot, or of several, are: issued is the sum of the other seven."""

    issued: int = 0
    pending: int = 0
    available: int = 0
    spent: int = 0
    expired: int = 0
    clawed_back: int = 0
    adjusted: int = 0  # taken by corrections; what corrections bring is issued
    repaid: int = 0


@dataclass
class State:
    """A ledger before an instant. `uncovered` sums the moves of that kind."""

    lots: dict[str, Parts] = field(default_factory=dict)
    debt: int = 0
    uncovered: int = 0

    @property
    def total(self) -> Parts:
        return Parts(*(sum(getattr(parts, each.name) for parts in self.lots.values()) for each in fields(Parts)))


@dataclass
class Ledger:
    """One member of one programme: lots in burn order, moves in the order in which they happened, all of them.

    Activations and expiries that are still to come are among the moves: `state` says how far to look.
    """

    rules: list[Rule]
    lots: list[Lot] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    debt: int = 0
    order_of: dict[str, str | None] = field(default_factory=dict)  # by booking id
    events: list[tuple[datetime, int, int, str]] = field(default_factory=list)  # at, rank, lot_no, booking id: a heap

    def state(self, before: datetime | None = None) -> State:
        """What was there before an instant (what happens at it is not seen); without one, in the end."""

        def seen(at: datetime | None) -> bool:
            return at is not None and (before is None or at < before)

        found = State({lot.lot_id: Parts(issued=lot.points) for lot in self.lots if seen(lot.earned_at)})
        for move in self.moves:
            if not seen(move.at):
                continue
            if move.kind == "uncovered":
                found.uncovered += move.points
            elif move.kind == "debt":
                found.debt += move.points
            else:
                parts, part = found.lots[move.lot_id], PART_OF_KIND[move.kind]
                setattr(parts, part, getattr(parts, part) + move.points)
            if move.kind == "repay":
                found.debt -= move.points
        for lot in self.lots:
            if seen(lot.earned_at):
                parts = found.lots[lot.lot_id]
                rest = parts.issued - parts.spent - parts.expired - parts.clawed_back - parts.adjusted - parts.repaid
                if seen(lot.active_at):
                    parts.available = rest
                else:
                    parts.pending = rest
        return found

    # Rules and dates

    def rule_at(self, at: datetime) -> Rule:
        return [rule for rule in self.rules if rule.begins <= at][-1]

    def active_at(self, booking: dict) -> datetime | None:
        rule = self.rule_at(booking["booked_at"])
        if booking["activation"] == "waits":
            return None
        if booking["activation"] == "at" and not rule.overrides_dates:
            return max(booking["active_at"], booking["booked_at"])
        return booking["booked_at"] + rule.pending_days * DAY

    def expires_at(self, booking: dict, active_at: datetime | None, bookings: list[dict]) -> datetime | None:
        """Not before it is booked: what comes expired is gone at once."""
        rule = self.rule_at(booking["booked_at"])
        if active_at is None:
            return None
        expiry = "rule" if rule.overrides_dates else booking["expiry"]
        if expiry == "never":
            return None
        if expiry == "at":
            return max(booking["expires_at"], booking["booked_at"])
        if rule.expiry_policy == "lot" and rule.expiry_days is not None:
            if not rule.expires_at_midnight:
                return active_at + rule.expiry_days * DAY
            local = active_at.replace(tzinfo=UTC).astimezone(rule.zone)
            return max(midnight(local.date() + timedelta(days=rule.expiry_days), rule.zone), booking["booked_at"])
        if rule.expiry_policy == "none":
            # a programme that starts to look at inactivity does so for what it has let live until then
            later = [each for each in self.rules if each.begins > rule.begins and each.expiry_policy == "inactivity"]
            rule = later[0] if later else rule
        if rule.expiry_policy == "inactivity" and rule.expiry_days is not None:
            return self.lapses_at(max(booking["booked_at"], rule.begins), rule, bookings)
        return None

    def burns_at(self, booking: dict, expires_at: datetime | None) -> datetime | None:
        rule = self.rule_at(booking["booked_at"])
        by_rule = booking["activation"] != "waits" and (rule.overrides_dates or booking["expiry"] == "rule")
        if by_rule and rule.expiry_policy == "inactivity":
            return rule.expiry_days and booking["booked_at"] + rule.expiry_days * DAY
        return None if by_rule and rule.expiry_policy == "none" else expires_at

    def lapses_at(self, since: datetime, rule: Rule, bookings: list[dict]) -> datetime:
        """When points that an inactivity rule looks at since an instant lapse, if nothing but the bookings happens."""
        period = rule.expiry_days * DAY
        resets = [each["booked_at"] for each in bookings if is_reset(each, rule)]
        if any(is_lot(each, bookings) and each["booked_at"] < rule.begins for each in bookings):
            resets.append(rule.begins)  # nothing lapses on the day on which the rule comes
        streaks = []  # start, end: while it lasts there is a balance, which lives or lapses as a whole
        for reset in sorted(resets):
            if streaks and reset < streaks[-1][1]:
                streaks[-1][1] = reset + period
            else:
                streaks.append([reset, reset + period])
        for start, end in streaks:
            if start <= since < end or since < start < since + period:
                return end
        return since + period

    # What happens

    def move(self, lot: Lot | None, kind: str, at: datetime, points: int, booking_id: str | None) -> None:
        if points:
            self.moves.append(Move(lot and lot.lot_id, booking_id, kind, at, points))
            if lot:
                lot.remaining -= points

    def take(self, lots: Iterable[Lot], wanted: int, kind: str, booking: dict) -> int:
        """Takes points from lots, one after the other, and says what they lack."""
        for lot in lots:
            points = min(wanted, lot.remaining)
            self.move(lot, kind, booking["booked_at"], points, booking["booking_id"])
            wanted -= points
        return wanted

    def usable(self, at: datetime) -> list[Lot]:
        return [lot for lot in self.lots if lot.is_usable(at)]

    def expires_on_date(self, lot: Lot) -> None:
        if lot.until is not None:
            heapq.heappush(self.events, (lot.until, EXPIRE, lot.lot_no, ""))

    def activate(self, lot: Lot) -> None:
        """What becomes usable pays debt first; a lot that has expired by then never becomes usable."""
        if lot.is_usable(lot.active_at):
            repaid = min(self.debt, lot.remaining)
            self.debt -= repaid
            self.move(lot, "repay", lot.active_at, repaid, None)

    def expire(self, lot: Lot, at: datetime) -> None:
        """All that is left; `until` is put off only after this has happened, and then it happens again."""
        self.move(lot, "expire", at, lot.remaining, None)

    def draw(self, booking: dict, kind: str) -> None:
        """Spends, corrections downwards and told expiries take what is usable; the rest is not taken from anybody."""
        at = booking["booked_at"]
        uncovered = self.take(self.usable(at), -hundredths(booking["points"]), kind, booking)
        self.move(None, "uncovered", at, uncovered, booking["booking_id"])

    def claw_back(self, booking: dict) -> None:
        """From the order's own lots, pending ones too; what they lack the member owes, or first the balance pays."""
        at, order, wanted = booking["booked_at"], booking["order_reference"], -hundredths(booking["points"])
        own = [lot for lot in self.lots if order is not None and lot.order_reference == order and lot.earned_at <= at]
        wanted = self.take([lot for lot in own if lot.is_there(at)], wanted, "clawback", booking)
        if not own or self.rule_at(at).clawback_rule == "lot_then_balance":
            wanted = self.take(self.usable(at), wanted, "clawback", booking)
        self.debt += wanted
        self.move(None, "debt", at, wanted, booking["booking_id"])

    def give_back(self, booking: dict) -> None:
        """To the lots that the order's spends took from, the last of the burn order first, and not more than that."""
        at, order, returned = booking["booked_at"], booking["order_reference"], hundredths(booking["points"])
        taken = defaultdict(int)
        for move in self.moves:
            if move.kind in ("spend", "spend_reversal") and self.order_of[move.booking_id] == order:
                taken[move.lot_id] += move.points
        for lot in reversed(self.lots):
            points = min(returned, taken[lot.lot_id])
            returned -= points
            self.move(lot, "spend_reversal", at, -points, booking["booking_id"])
            if points and lot.until is not None and lot.until < at:
                lot.until = at + self.rule_at(at).reversal_grace_days * DAY
                self.expires_on_date(lot)
        self.move(None, "uncovered", at, -returned, booking["booking_id"])

    def happen(self, booking: dict) -> None:
        match booking["entry_type"]:
            case "spend":
                self.draw(booking, "spend")
            case "adjust" | "transfer":
                self.draw(booking, "adjust")
            case "clawback":
                self.claw_back(booking)
            case "spend_reversal":
                self.give_back(booking)
            case "expire" if self.rule_at(booking["booked_at"]).expiry_policy == "told":
                self.draw(booking, "expire")


def is_reset(booking: dict, rule: Rule) -> bool:
    """Whether somebody did what keeps a balance alive."""
    kind = booking["entry_type"]
    if kind == "earn" and booking["order_reference"] is not None and "order" in rule.inactivity_resets:
        return True
    return ("earn" if kind == "import" else kind) in rule.inactivity_resets


def is_lot(booking: dict, bookings: list[dict]) -> bool:
    """Whether points came into being: also points that come back from a spend that nobody knows."""
    if booking["entry_type"] in ("adjust", "transfer"):
        return booking["points"] >= 0
    if booking["entry_type"] == "spend_reversal":
        return booking["order_reference"] is None or not any(
            each["entry_type"] == "spend"
            and each["order_reference"] == booking["order_reference"]
            and each["booked_at"] < booking["booked_at"]  # at one instant the return comes before the spend
            for each in bookings
        )
    return booking["entry_type"] in ("earn", "import")


def rules_of(programme: str, source_name: str, rows: list[dict], reporting_zone: str = "UTC") -> list[Rule]:
    """A programme's rules by time; its source's if it has none. Without any, points are usable at once and for ever."""
    own = [row for row in rows if row["programme"] == programme]
    own = own or [row for row in rows if row["programme"] == source_name] or [{}]
    found = []
    for row in sorted(own, key=lambda row: row.get("valid_from") or date.min):
        zone = ZoneInfo(row.get("time_zone") or reporting_zone)
        found.append(Rule(
            begins=midnight(row["valid_from"], zone) if found else datetime.min,
            zone=zone,
            pending_days=row.get("pending_days") or 0,
            expiry_policy=row.get("expiry_policy") or "none",
            expiry_days=row.get("expiry_days"),
            expires_at_midnight=bool(row.get("expires_at_midnight")),
            inactivity_resets=tuple((row.get("inactivity_resets") or "").split()),
            reversal_grace_days=row.get("reversal_grace_days") or 0,
            clawback_rule=row.get("clawback_rule") or "lot_then_debt",
            overrides_dates=bool(row.get("overrides_dates")),
        ))  # fmt: skip
    return found


def play(bookings: list[dict], rules: list[dict], now: datetime | None = None, reporting_zone: str = "UTC") -> Ledger:
    """The ledger of one member, as far as it follows from what was booked before `now`."""
    bookings = [booking for booking in bookings if now is None or booking["booked_at"] < now]
    if not bookings:
        return Ledger([])
    ledger = Ledger(rules_of(bookings[0]["programme"], bookings[0]["source_name"], rules, reporting_zone))
    events = ledger.events
    for booking in bookings:
        ledger.order_of[booking["booking_id"]] = booking["order_reference"]
        if is_lot(booking, bookings):
            active_at = ledger.active_at(booking)
            expires_at = ledger.expires_at(booking, active_at, bookings)
            points = hundredths(booking["points"])
            ledger.lots.append(Lot(
                booking["booking_id"], booking["entry_type"], booking["booked_at"], active_at, expires_at, points,
                booking["order_reference"], ledger.burns_at(booking, expires_at), remaining=points, until=expires_at,
            ))  # fmt: skip
        else:
            rank = RANK.get(booking["entry_type"], 7)
            heapq.heappush(events, (booking["booked_at"], rank, 0, booking["booking_id"]))
    ledger.lots.sort(key=lambda lot: (lot.burns_at or datetime.max, lot.earned_at, lot.lot_id))
    # a lot needs no event to come into being: at its instant nothing takes from lots before ranks 0 to 3 are through
    for number, lot in enumerate(ledger.lots, 1):
        lot.lot_no = number
        if lot.active_at is not None:
            heapq.heappush(events, (lot.active_at, ACTIVATE, lot.lot_no, ""))
        ledger.expires_on_date(lot)
    by_id = {booking["booking_id"]: booking for booking in bookings}
    while events:
        at, rank, lot_no, booking_id = heapq.heappop(events)
        if booking_id:
            ledger.happen(by_id[booking_id])
        elif rank == ACTIVATE:
            ledger.activate(ledger.lots[lot_no - 1])
        else:
            ledger.expire(ledger.lots[lot_no - 1], at)
    return ledger


def play_all(
    bookings: list[dict], rules: list[dict], now: datetime | None = None, reporting_zone: str = "UTC"
) -> dict[tuple[str, str], Ledger]:
    """The ledgers of everybody, by (programme, member_id)."""
    members = defaultdict(list)
    for booking in bookings:
        members[booking["programme"], booking["member_id"]].append(booking)
    return {member: play(own, rules, now, reporting_zone) for member, own in members.items()}
