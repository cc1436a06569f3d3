"""
The loyalty programme: points by lot, rewards, expiry, clawback, tiers. Everybody's ledger at once, one event per round.

The rules. An order of a member earns floor(net merchandise in whole currency units * the tier's factor), joining earns
50. Points become usable 14 days later and expire 365 days after that. With more than 100 usable points an order of at
least 10 may take a reward of 100 points for 5 or 200 for 10, oldest lots first. A refund recomputes what the rest of
the order would have earned and claws the difference back from its own lot; what the lot no longer has is debt, which
lots that become usable later pay first. Points spent on an order that comes back whole return to their lots. The tier
follows the net spend of the trailing 365 days: up at once, down when its year is over.
"""

from dataclasses import dataclass

import numpy as np

from simulator import lives
from simulator.catalogue import EXPIRY_DAYS, PENDING_DAYS, REWARD_MINIMUM_CENTS, REWARDS, TIERS, UNLOCK_ABOVE
from simulator.columns import Columns, ranks
from simulator.draws import Draws
from simulator.settings import DAY, NEVER, Settings

JOIN_POINTS = 50
EARN, SPEND, CLAWBACK, SPEND_REVERSAL, EXPIRE, ACTIVATE = range(6)
ENTRY_TYPES = ("earn", "spend", "clawback", "spend_reversal", "expire", "activate")
JOIN, BUY, REFUND = range(3)  # events that move points
_FACTORS = np.array([tier.points_per_unit for tier in TIERS])
_FLOORS = np.array([tier.at_least_cents for tier in TIERS])


@dataclass
class Ledger:
    """members: who and since when; entries: signed points; lots: what became of each earning; tiers: their history."""

    members: Columns
    entries: Columns
    lots: Columns
    tiers: Columns


def keep(settings: Settings, draws: Draws, who: Columns, placed: Columns) -> Ledger:
    """Play all events up to as_of; adds `reward`, `points_spent` and `points_earned` to the orders."""
    count = placed.size()
    placed.reward = np.zeros(count, dtype=np.int64)
    placed.points_spent = np.zeros(count, dtype=np.int64)
    placed.points_earned = np.zeros(count, dtype=np.int64)
    placed.member_row = np.full(count, -1)
    known = who.is_member[placed.row] & ((placed.channel == lives.WEB) & ~placed.is_guest | (placed.shows == 1))
    counts = ~np.isin(placed.state, (lives.TEST, lives.CANCELLED, lives.VOIDED, lives.PENDING)) & (
        placed.slot < lives.REPLACEMENT
    ) | (placed.slot >= lives.RENEWAL)
    known &= counts
    # People join with the first order that could earn, some only with the second.
    order = np.flatnonzero(known)
    order = order[np.lexsort((placed.key[order], placed.ordered_at[order], placed.row[order]))]
    position = ranks(placed.row[order])
    late = who.joins_late[placed.row[order]]
    order = order[position >= late]
    position = ranks(placed.row[order])
    joining = order[position == 0]
    members = Columns(
        row=placed.row[joining], joined_at=placed.ordered_at[joining] - 60, person_id=who.person_id[placed.row[joining]]
    )
    member_of = np.searchsorted(members.row, placed.row[order])
    placed.member_row[order] = member_of
    refunded = order[
        (placed.refund_at[order] != NEVER) & (placed.refund_at[order] < settings.cut) & (placed.value_back[order] > 0)
    ]
    event = Columns(
        member=np.concatenate([np.arange(members.size()), member_of, placed.member_row[refunded]]),
        at=np.concatenate([members.joined_at, placed.ordered_at[order], placed.refund_at[refunded]]),
        kind=np.repeat([JOIN, BUY, REFUND], [members.size(), len(order), len(refunded)]),
        order=np.concatenate([np.full(members.size(), -1), order, refunded]),
    )
    return _play(settings, draws, who, placed, members, event)


def _play(settings, draws, who, placed, members: Columns, event: Columns) -> Ledger:
    # Members with many events first, so that the members of round n are a prefix.
    sizes = np.bincount(event.member, minlength=members.size())
    by_size = np.argsort(-sizes, kind="stable")
    place = np.empty_like(by_size)
    place[by_size] = np.arange(len(by_size))
    event.member = place[event.member]
    members = members.take(by_size)
    sizes = sizes[by_size]
    event = event.take(np.lexsort((event.order, event.kind, event.at, event.member)))
    number = ranks(event.member)
    people, rounds = members.size(), int(sizes.max(initial=0))
    at = np.full((people, rounds), 2**62)
    kind = np.full((people, rounds), -1)
    order_of = np.full((people, rounds), -1)
    at[event.member, number], kind[event.member, number] = event.at, event.kind
    order_of[event.member, number] = event.order
    width = int(np.bincount(event.member[event.kind != REFUND], minlength=1).max(initial=0)) + 1
    left = np.zeros((people, width), dtype=np.int64)
    too_late = np.zeros((people, width), dtype=np.int64)  # came back to a lot that had expired
    usable = np.full((people, width), 2**62)
    lot = {name: np.zeros((people, width), dtype=np.int64) for name in ("issued", "spent", "clawed", "repaid")}
    lot_order = np.full((people, width), -1)
    earned_at = np.full((people, width), NEVER)
    lots = np.zeros(people, dtype=np.int64)
    debt, debt_at = np.zeros(people, dtype=np.int64), np.full(people, 2**62)
    spend = np.zeros((people, rounds), dtype=np.int64)  # net spend by event, for tiers
    tier, until = np.zeros(people, dtype=np.int64), np.full(people, 2**62)
    lot_of_order = np.full(placed.size(), -1)
    # What rewards took from which lot, for the orders that come back whole.
    whole = event.order[(event.kind == REFUND) & placed.is_whole_return[event.order]]
    taken = np.zeros((len(whole) + 1, width), dtype=np.int64)
    taken_of_order = np.full(placed.size(), len(whole))
    taken_of_order[whole] = np.arange(len(whole))
    factor = np.zeros(placed.size())
    log: list[Columns] = []
    tier_log: list[Columns] = []
    year, pending = EXPIRY_DAYS * DAY, PENDING_DAYS * DAY

    def note(member, what, points, when, order, lot_no):
        log.append(
            Columns(member=member, kind=np.full(len(member), what), points=points, at=when, order=order, lot=lot_no)
        )

    def trailing(member, when):
        seen = (at[member] <= when[:, None]) & (at[member] > (when - 365 * DAY)[:, None])
        return (spend[member] * seen).sum(axis=1)

    def note_tier(member, when, new, cause):
        tier_log.append(
            Columns(member=member, at=when, old=tier[member].copy(), new=new, cause=np.full(len(member), cause))
        )
        tier[member] = new
        until[member] = np.where(new > 0, when + 365 * DAY, 2**62)

    def review_tiers(prefix, when):
        """Tiers whose year is over are measured anew, as often as years went by."""
        while True:
            due = np.flatnonzero(until[:prefix] <= when)
            if not len(due):
                return
            then = until[due].copy()
            new = np.searchsorted(_FLOORS, trailing(due, then), side="right") - 1
            note_tier(due, then, new, 1)

    def repay(prefix, when):
        """Debt takes from lots that became usable after it arose."""
        owing = np.flatnonzero(debt[:prefix] > 0)
        if len(owing):
            limit = when[owing] if isinstance(when, np.ndarray) else np.full(len(owing), when)
            ready = np.where(
                (usable[owing] <= limit[:, None]) & (usable[owing] > debt_at[owing][:, None]), left[owing], 0
            )
            take = _oldest_first(ready, debt[owing])
            left[owing] -= take
            lot["repaid"][owing] += take
            debt[owing] -= take.sum(axis=1)

    for step in range(rounds):
        prefix = int(np.searchsorted(-sizes, -step, side="left"))
        now, what, order = at[:prefix, step], kind[:prefix, step], order_of[:prefix, step]
        review_tiers(prefix, now)
        repay(prefix, now)
        joins = np.flatnonzero(what == JOIN)
        _earn(
            joins,
            np.full(len(joins), JOIN_POINTS),
            now[joins],
            np.full(len(joins), -1),
            left,
            usable,
            lot,
            lots,
            lot_order,
            earned_at,
            pending,
        )
        note(joins, EARN, np.full(len(joins), JOIN_POINTS), now[joins], np.full(len(joins), -1), lots[joins] - 1)

        buys = np.flatnonzero(what == BUY)
        bought, moment = order[buys], now[buys]
        ready = np.where((usable[buys] <= moment[:, None]) & (usable[buys] + year > moment[:, None]), left[buys], 0)
        available = ready.sum(axis=1)
        partly = (placed.value_back[bought] > 0) & ~placed.is_whole_return[bought]
        wants = draws.uniform("redeems", placed.key[bought]) < np.where(
            placed.scripted[bought], placed.script_redeems[bought], who.redeems[placed.row[bought]]
        )
        may = wants & (available > UNLOCK_ABOVE) & (placed.base[bought] >= REWARD_MINIMUM_CENTS) & ~partly
        may &= placed.slot[bought] < lives.RENEWAL
        big = (available >= 200) & (placed.base[bought] >= 2_000) & draws.chance("redeems/big", 0.5, placed.key[bought])
        reward = np.where(may, np.where(big, 2, 1), 0)
        points, cents = np.array(REWARDS)[reward].T
        take = _oldest_first(ready, points)
        left[buys] -= take
        lot["spent"][buys] += take
        placed.reward[bought], placed.points_spent[bought] = cents, points
        spent = np.flatnonzero(points > 0)
        taken[taken_of_order[bought]] = take
        note(buys[spent], SPEND, -points[spent], moment[spent], bought[spent], np.full(len(spent), -1))
        net = placed.base[bought] - cents
        spend[buys, step] = net
        factor[bought] = _FACTORS[tier[buys]]
        earned = np.floor(net * factor[bought] / 100).astype(np.int64)
        placed.points_earned[bought] = earned
        lot_of_order[bought] = lots[buys]
        _earn(buys, earned, moment, bought, left, usable, lot, lots, lot_order, earned_at, pending)
        note(buys, EARN, earned, moment, bought, lots[buys] - 1)
        reached = np.searchsorted(_FLOORS, trailing(buys, moment), side="right") - 1
        up = reached > tier[buys]
        note_tier(buys[up], moment[up], reached[up], 0)

        back = np.flatnonzero(what == REFUND)
        refunded, moment = order[back], now[back]
        total = placed.base[refunded] - placed.reward[refunded]
        rest = np.where(placed.is_whole_return[refunded], 0, np.maximum(total - placed.value_back[refunded], 0))
        earned = placed.points_earned[refunded]
        keeps = np.floor(rest * factor[refunded] / 100).astype(np.int64)
        lost = earned - keeps
        mine = lot_of_order[refunded]
        own = np.minimum(left[back, mine], lost)
        left[back, mine] -= own
        lot["clawed"][back, mine] += own
        debt[back] += lost - own
        debt_at[back] = np.where(lost > own, moment, debt_at[back])
        some = lost > 0
        note(back[some], CLAWBACK, -lost[some], moment[some], refunded[some], mine[some])
        given = np.flatnonzero((placed.points_spent[refunded] > 0) & placed.is_whole_return[refunded])
        if len(given):
            returned = taken[taken_of_order[refunded[given]]]
            left[back[given]] += returned
            lot["spent"][back[given]] -= returned
            # What comes back to a lot that has expired is gone with it, at once.
            gone_at_once = np.where(usable[back[given]] + year <= moment[given][:, None], returned, 0)
            too_late[back[given]] += gone_at_once
            which, number = np.nonzero(gone_at_once)
            of = back[given][which]
            note(of, EXPIRE, -gone_at_once[which, number], moment[given][which], lot_order[of, number], number)
            points = placed.points_spent[refunded[given]]
            note(back[given], SPEND_REVERSAL, points, moment[given], refunded[given], np.full(len(given), -1))
    review_tiers(people, settings.cut - 1)
    repay(people, settings.cut - 1)

    member, lot_no = np.nonzero(earned_at != NEVER)
    active_at, remains = usable[member, lot_no], left[member, lot_no]
    expires_at = active_at + year
    is_pending, is_expired = active_at >= settings.cut, expires_at < settings.cut
    lots_table = Columns(
        member=member,
        lot=lot_no,
        order=lot_order[member, lot_no],
        earned_at=earned_at[member, lot_no],
        active_at=active_at,
        expires_at=expires_at,
        issued=lot["issued"][member, lot_no],
        spent=lot["spent"][member, lot_no],
        clawed_back=lot["clawed"][member, lot_no],
        repaid=lot["repaid"][member, lot_no],
        expired=np.where(is_expired, remains, 0),
        pending=np.where(is_pending, remains, 0),
        available=np.where(is_pending | is_expired, 0, remains),
    )
    in_time = lots_table.expired - too_late[member, lot_no]
    gone = np.flatnonzero(in_time > 0)
    note(member[gone], EXPIRE, -in_time[gone], expires_at[gone], lots_table.order[gone], lot_no[gone])
    ready = np.flatnonzero((~is_pending) & (lots_table.issued > 0))
    note(
        member[ready],
        ACTIVATE,
        np.zeros(len(ready), dtype=np.int64),
        active_at[ready],
        lots_table.order[ready],
        lot_no[ready],
    )
    members.debt = debt
    members.tier = tier
    members.tier_until = np.where(until < 2**61, until, NEVER)
    nothing = Columns(
        {name: np.zeros(0, dtype=np.int64) for name in ("member", "kind", "points", "at", "order", "lot")}
    )
    entries = Columns.stack([nothing, *log])
    entries = entries.take(np.lexsort((entries.lot, entries.kind, entries.at, members.person_id[entries.member])))
    no_tier = Columns({name: np.zeros(0, dtype=np.int64) for name in ("member", "at", "old", "new", "cause")})
    tiers = Columns.stack([no_tier, *tier_log])
    tiers = tiers.take(np.lexsort((tiers.at, members.person_id[tiers.member])))
    return Ledger(members, entries, lots_table, tiers)


def _oldest_first(ready: np.ndarray, points: np.ndarray) -> np.ndarray:
    """How much of each lot goes, lots in the order in which they expire."""
    upto = np.cumsum(ready, axis=1)
    return np.clip(points[:, None] - (upto - ready), 0, ready)


def _earn(member, points, when, order, left, usable, lot, lots, lot_order, earned_at, pending) -> None:
    """A new lot for each of some members."""
    number = lots[member]
    left[member, number] = points
    lot["issued"][member, number] = points
    usable[member, number] = when + pending
    lot_order[member, number] = order
    earned_at[member, number] = when
    lots[member] += 1
