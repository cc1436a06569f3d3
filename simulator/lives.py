"""
What people do and what befalls them.

`purchases` walks through
    everybody's life at once, one purchase per round: who is still a customer buys, sees what comes
of it (`fates`: parcel, review, reply), and on that depends whether and
    when there is a next time. Plain lives stop after
a repeat purchase with the person's own dropout probability and know no seasons and no reactions: BG/NBD to the letter.
"""

import numpy as np

from simulator import catalogue
from simulator.catalogue import Calendar
from simulator.columns import Columns
from simulator.draws import Draws
from simulator.settings import DAY, Settings

# Places of a person's orders within the order key (person_id * 4096 + slot).
SLOTS = 4096
ORDINARY = 512  # slots 0 to 511: purchases in order
REPLACEMENT = 1024  # + slot: what an exchange sends
RENEWAL = 2048  # + subscription * 64 + number
SUBSCRIPTIONS = 8
RENEWALS = 64

WEB, TILL, POP_UP = 0, 1, 2
STANDARD, EXPRESS = 0, 1
FINE, DAMAGED, LOST, MISSED, HELD = range(5)  # what can happen to a parcel
KEEPS, RETURNS_ONE, RETURNS_ALL, GETS_AMOUNT, EXCHANGES, RESTOCKS = range(6)  # what becomes of the goods
# States of an order; all but NORMAL come from traps.
NORMAL, TEST, CANCELLED, CANCELLED_LATE, VOIDED, PENDING, DRAFT = range(7)
STATE_TRAPS = ("test_order", "cancelled", "cancelled_late", "voided", "pending", "draft_order")
SLA_HOURS = 24  # what the shop promises for a first reply


def orders_of(slot: np.ndarray) -> np.ndarray:
    """Whether a slot is an ordinary purchase."""
    return slot < ORDINARY


def fates(settings: Settings, draws: Draws, calendar: Calendar, who: Columns, key, at, channel, number) -> Columns:
    """Everything that will come of an order. `who` are the buyers' rows, `number` counts their purchases from 0."""
    web = channel == WEB
    day = calendar.day(at)
    express = web & draws.chance("express", 0.12, key)
    carrier = draws.pick("carrier", (0.4, 0.3, 0.2, 0.1), key)
    promised = np.where(express, 2, draws.whole("promise", 4, 6, key))
    slowness = np.ones(len(key))
    if not calendar.is_flat:
        slowness += 1.5 * (calendar.month[day] == 12)
        slowness += 3.0 * draws.chance("bad week", 0.05, carrier, day // 7)
    is_late = web & draws.chance("late", np.minimum(0.055 * slowness, 0.6), key)
    late_days = np.where(
        is_late,
        1 + np.minimum(np.floor(draws.exponential("late/days", key) * 2.2), 20),
        -draws.whole("early/days", 0, np.where(express, 0, 2), key),
    ).astype(np.int64)
    trouble = np.where(web, draws.pick("trouble", (0.945, 0.012, 0.004, 0.03, 0.009), key), FINE)
    damaged, lost = trouble == DAMAGED, trouble == LOST

    wants_back = draws.uniform("return", key) < np.where(damaged, 0.75, np.where(lost, 0.9, np.where(web, 0.06, 0.03)))
    share = draws.uniform("return/what", key)
    amounts = settings.trap("amount_refund")
    moneyless = settings.trap("moneyless_refund")
    plan = np.where(
        share < amounts,
        GETS_AMOUNT,
        np.where(
            share < amounts + moneyless,
            np.where(draws.chance("return/exchange", 0.6, key), EXCHANGES, RESTOCKS),
            np.where(draws.chance("return/all", 0.5, key), RETURNS_ALL, RETURNS_ONE),
        ),
    )
    plan = np.where(lost, RETURNS_ALL, plan)
    plan = np.where(wants_back & (not settings.plain_lives), plan, KEEPS)
    plan = np.where(
        channel == TILL, np.where(plan == KEEPS, KEEPS, np.where(plan == RETURNS_ALL, plan, RETURNS_ONE)), plan
    )
    returned_after = np.where(
        draws.chance("late_refund", settings.trap("late_refund"), key),
        draws.between("return/months", 60, 200, key),
        draws.between("return/days", 3, 28, key),
    )

    liking = 4.4 + 0.7 * draws.normal("liking", key) - 1.3 * is_late - 2.6 * damaged - 3 * lost
    opinion = np.clip(np.round(liking), 1, 5).astype(np.int64)
    reviews = draws.chance("reviews", np.where(opinion <= 2, 0.3, np.where(opinion == 5, 0.13, 0.07)), key)
    writes = draws.uniform("writes", key) < np.select(
        [lost, damaged, is_late, plan != KEEPS], [0.9, 0.7, 0.35, 0.25], np.where(web, 0.025, 0.01)
    )
    other = 4 + draws.pick("topic", (0.5, 0.15, 0.2, 0.15), key)
    topic = np.where(writes, np.select([lost | is_late, damaged, plan != KEEPS], [1, 2, 3], other), 0)
    reply = np.exp(1.5 + 1.0 * draws.normal("reply", key))  # hours; 4.5 in the middle
    bad_reply = (topic > 0) & ((reply > SLA_HOURS) | draws.chance("rude", 0.06, key))
    score = np.clip(np.round(4.5 - 2.2 * bad_reply - 0.6 * damaged + 0.8 * draws.normal("csat", key)), 1, 5).astype(
        np.int64
    )
    return Columns(
        key=key,
        service=np.where(express, EXPRESS, STANDARD),
        carrier=carrier,
        ship_hours=np.where(express, draws.between("ship", 3, 14, key), draws.between("ship", 6, 40, key)),
        promised_days=promised,
        late_days=late_days,
        trouble=trouble,
        parcels=1 + (web & draws.chance("parcels", 0.05, key)).astype(np.int64),
        plan=plan,
        reason=np.select(
            [damaged, lost | is_late, share < 0.5], [0, 5, 2], 1 + draws.pick("return/reason", (0.4, 0, 0.2, 0.4), key)
        ),
        returned_after=returned_after,
        review=np.where(reviews, opinion, 0),
        review_after=draws.between("review/days", 1, 21, key),
        topic=topic,
        reply_hours=reply,
        is_bad_reply=bad_reply,
        csat=np.where((topic > 0) & draws.chance("csat/answers", 0.35, key), score, 0),
    )


def leaving(settings: Settings, who: Columns, fate: Columns, number: np.ndarray) -> np.ndarray:
    """The probability that a purchase was the last: the person's own, and what the shop adds to it."""
    own = np.where((number == 0) & settings.plain_lives, 0.0, who.dropout)
    if settings.plain_lives or not settings.reactions:
        return own
    # A third leave after one bad experience; those who had written in and got a bad reply more often; who has seen
    # good service before is more patient.
    is_bad = (fate.late_days > 0) | (fate.trouble == DAMAGED) | (fate.trouble == LOST) | (fate.review == 1)
    pushed = 0.33 * is_bad * who.patience * np.where(number == 0, 1.2, 0.9) + 0.25 * fate.is_bad_reply
    weary = 0.12 * (who.wants_email & (who.message_tolerance < 0.25))
    return 1 - (1 - own) * (1 - np.clip(pushed, 0, 0.95)) * (1 - weary)


def purchases(settings: Settings, draws: Draws, calendar: Calendar, people: Columns) -> Columns:
    """All ordinary purchases up to as_of, with their fates; times are local seconds since the shop's start."""
    end = settings.cut - settings.begins + 3 * DAY
    row = np.flatnonzero(people.first < end)
    at = people.first[row]
    rounds = []
    for number in range(ORDINARY):
        if number and not row.size:
            break
        who = people.take(row)
        key = who.person_id * SLOTS + number
        counter = np.full(len(key), number)
        in_store = draws.chance("in store", who.store_share, key)
        channel = np.where(in_store, np.where(who.city == catalogue.POP_UP_CITY, POP_UP, TILL), WEB)
        fate = fates(settings, draws, calendar, who, key, at, channel, counter)
        rounds.append(Columns(fate | {"row": row, "slot": counter, "at": at, "channel": channel}))
        stays = ~draws.chance("leaves", leaving(settings, who, fate, counter), key)
        slower = 1.0
        if settings.reactions and not settings.plain_lives:
            slower = np.where((fate.late_days > 0) | fate.is_bad_reply, 1.5, 1.0)
        following = calendar.ahead(at, draws.exponential("wait", key) / who.rate * slower)
        going_on = stays & (following < end)
        row, at = row[going_on], following[going_on]
    return Columns.stack(rounds)


WEB_HOURS = np.array([2, 1, 1, 1, 1, 1, 2, 3, 4, 4, 4, 4, 5, 4, 4, 4, 4, 5, 6, 7, 8, 8, 6, 4], dtype=float)


def clock_times(settings: Settings, orders: Columns) -> np.ndarray:
    """The same days at likelier hours: evenings on the web, 10 to 20 in a store. Keeps the order within a day."""
    if settings.plain_lives:
        return orders.at
    day = np.floor(orders.at / DAY)
    share = orders.at / DAY - day
    edges = np.concatenate([[0.0], np.cumsum(WEB_HOURS)])
    evening = np.interp(share, edges / edges[-1], np.arange(25)) / 24
    return (day + np.where(orders.channel == WEB, evening, (10 + 10 * share) / 24)) * DAY
