"""Life tables about service: parcels and their scans, returns, reviews, tickets."""

import numpy as np
import pyarrow as pa

from simulator import catalogue, lives
from simulator.catalogue import CARRIER_SLUGS, CARRIERS, CITIES, RETURN_REASONS, TICKET_TOPICS
from simulator.columns import Columns, arrow, later, only, ranks, words
from simulator.settings import DAY, NEVER
from simulator.tables import Life, before

HOUR = 3600
TROUBLES = ("fine", "damaged", "lost", "missed", "held")
TAGS = ("InfoReceived", "InTransit", "Exception", "OutForDelivery", "AttemptFail", "Delivered")
SCANS = (
    "Label created", "Arrived at facility", "Delayed: weather or volume", "Out for delivery", "Nobody at home",
    "Delivered",
)  # fmt: skip
TITLES = ("Terrible", "Not good", "All right", "Good", "Wonderful")
BODIES = (
    "Very disappointed. I would like somebody to get in touch.", "Not what I had hoped for.", "It does what it says.",
    "Nice, would buy again.", "I love it and told my friends.",
)  # fmt: skip
WAYS = ("email", "chat", "sms", "phone")
TOO_SWEET = "Even with less sugar this is too sweet for me."
LATE_BODIES = "Came days after it was promised, and nobody told me."


def add_service(life: Life) -> None:
    add_parcels(life)
    add_returns(life)
    add_reviews(life)
    add_tickets(life)


def _some(life: Life, where: np.ndarray) -> tuple[Columns, np.ndarray]:
    """Orders of which a condition holds, with the row of their buyer."""
    rows = np.flatnonzero(where)
    placed = life.trade.orders.take(rows)
    return placed, placed.row


def add_parcels(life: Life) -> None:
    settings, draws, who = life.settings, life.draws, life.who
    everything = life.trade.orders
    placed, _ = _some(life, (everything.shipped_at != NEVER) & (everything.shipped_at < settings.cut))
    order = np.repeat(np.arange(placed.size()), placed.parcels)
    number = ranks(order)
    mine = placed.take(order)
    key = mine.key * 4 + number
    # A second parcel follows a day later.
    extra = number * DAY
    attempted, delivered = later(mine.attempted_at, extra, True), later(mine.delivered_at, extra, True)
    missed = mine.trouble == lives.MISSED
    is_late = (mine.late_days > 0) & (mine.trouble != lives.LOST)
    guess = mine.promised_on + draws.pick("edd", (0.8, 0.2), key)
    revised = np.where(is_late, mine.promised_on + mine.late_days, guess)
    has_estimate = draws.chance("edd/known", 0.93, key)
    # The carrier revises on the day that it had promised.
    knows = is_late & (mine.promised_on * DAY < settings.cut)
    zone = who.zone[mine.row]
    life.add(
        "parcels",
        arrow({
            "parcel_key": key, "order_key": mine.key, "person_id": who.person_id[mine.row], "number": number,
            "carrier": words(CARRIERS, mine.carrier), "slug": words(CARRIER_SLUGS, mine.carrier),
            "service": words(("standard", "express"), mine.service), "shipped_at": mine.shipped_at,
            "promised_on": mine.promised_on,
            "estimated": only(guess, has_estimate), "revised": only(np.where(knows, revised, guess), has_estimate),
            "attempted_at": before(settings, attempted),
            "attempts": np.where(missed & (attempted < settings.cut), 1, 0),
            "delivered_at": before(settings, delivered), "trouble": words(TROUBLES, mine.trouble), "is_late": is_late,
            "time_zone": words(catalogue.ZONES, zone),
        }),
        """
        select landed.* exclude (estimated, revised, time_zone), date '1970-01-01' + estimated::int as estimated_on,
            date '1970-01-01' + revised::int as revised_on, time_zone,
            tracking_number(carrier, order_key, number) as tracking_number
        from landed order by parcel_key
        """,
    )  # fmt: skip
    promised = mine.promised_on * DAY + 18 * HOUR
    lost = mine.trouble == lives.LOST
    half = mine.shipped_at + (np.where(lost, promised, attempted) - mine.shipped_at) // 2
    steps = (
        (0, mine.shipped_at, np.full(len(key), True)),
        (1, np.minimum(mine.shipped_at + 10 * HOUR, half), np.full(len(key), True)),
        (2, promised, (is_late & draws.chance("scan/late", 0.5, key)) | (mine.trouble == lives.HELD)),
        (3, attempted - 4 * HOUR, ~lost),
        (4, attempted, missed),
        (5, delivered, ~lost),
    )
    scans = Columns.stack([
        Columns(parcel=np.flatnonzero(has), step=np.full(int(has.sum()), step), at=at[has]) for step, at, has in steps
    ])  # fmt: skip
    scans = scans.take((scans.at < settings.cut) & (scans.at != NEVER))
    scans = scans.take(np.lexsort((scans.step, scans.at, scans.parcel)))
    seen = scans.at + draws.whole("scan/seen", 60, 7200, key[scans.parcel], scans.step)
    life.add("checkpoints", arrow({
        "parcel_key": key[scans.parcel], "number": ranks(scans.parcel), "checkpoint_at": scans.at, "seen_at": seen,
        "tag": words(TAGS, scans.step), "message": words(SCANS, scans.step),
        "city": words([each.name for each in CITIES], who.city[mine.row[scans.parcel]]),
    }))  # fmt: skip


def add_returns(life: Life) -> None:
    settings, draws, who = life.settings, life.draws, life.who
    everything = life.trade.orders
    goods_back = np.isin(everything.plan, (lives.RETURNS_ONE, lives.RETURNS_ALL, lives.EXCHANGES, lives.RESTOCKS))
    filed = everything.refund_at - 5 * DAY
    asks = (
        goods_back
        & (everything.channel == lives.WEB)
        & (everything.refund_at != NEVER)
        & (everything.trouble != lives.LOST)
    )
    placed, row = _some(life, asks & (filed < settings.cut))
    outcome = np.select([placed.plan == lives.EXCHANGES, placed.plan == lives.RESTOCKS], [1, 2], 0)
    life.add("returns", arrow({
        "return_key": placed.key, "order_key": placed.key, "person_id": who.person_id[row],
        "filed_at": placed.refund_at - 5 * DAY,
        "filed_by": words(("shopper", "customer_support"), draws.pick("filed by", (0.8, 0.2), placed.key)),
        "reason": words(RETURN_REASONS, placed.reason),
        "outcome": words(("refund", "exchange", "store credit"), outcome),
        "resolved_at": before(settings, placed.refund_at),
    }))  # fmt: skip


def add_reviews(life: Life) -> None:
    settings, who = life.settings, life.who
    everything = life.trade.orders
    since = np.where(everything.channel == lives.WEB, everything.delivered_at, everything.ordered_at)
    at = later(since, everything.review_after * DAY, everything.review > 0)
    happens = (at != NEVER) & (at < settings.cut)
    placed, row = _some(life, happens)
    first = life.trade.lines.take(life.trade.lines.line_no == 0)
    product = catalogue.variants().product_id[first.variant[np.flatnonzero(happens)]]
    is_sweet = placed.scripted & (placed.review == 2)
    body = np.where(is_sweet, 6, np.where((placed.late_days > 0) & (placed.review <= 3), 5, placed.review - 1))
    life.add(
        "reviews",
        arrow({
            "review_key": placed.key, "order_key": placed.key, "person_id": who.person_id[row], "product_id": product,
            "reviewed_at": at[happens], "score": placed.review, "title": words(TITLES, placed.review - 1),
            "body": words((*BODIES, LATE_BODIES, TOO_SWEET), body),
        }),
        """select landed.*, people.reviews_email as email from landed
        join life.people as people using (person_id) order by review_key""",
    )  # fmt: skip


def add_tickets(life: Life) -> None:
    settings, draws, who = life.settings, life.draws, life.who
    everything = life.trade.orders
    since = np.select(
        [everything.topic == 1, everything.topic == 2, everything.topic == 3],
        [
            everything.promised_on * DAY + 20 * HOUR,
            later(everything.delivered_at, 5 * HOUR, True),
            later(everything.refund_at, -6 * DAY, True),
        ],
        later(everything.ordered_at, 1, True),
    )
    at = later(since, draws.between("ticket", 0.1, 1.5, everything.key) * DAY, everything.topic > 0)
    happens = (at != NEVER) & (at > everything.ordered_at) & (at < settings.cut)
    placed, row = _some(life, happens)
    key, opened = placed.key, at[happens]
    replied = opened + (placed.reply_hours * HOUR).astype(np.int64)
    closed = replied + (draws.between("ticket/closed", 0.2, 3, key) * DAY).astype(np.int64)
    rated = later(closed, DAY, placed.csat > 0)
    topics = words(TICKET_TOPICS, placed.topic)
    life.add(
        "tickets",
        arrow({
            "ticket_key": key, "order_key": key, "person_id": who.person_id[row], "opened_at": opened,
            "channel": words(WAYS, draws.pick("ticket/channel", (0.6, 0.3, 0.05, 0.05), key)),
            "topic": topics, "first_reply_at": before(settings, replied), "closed_at": before(settings, closed),
            "is_bad_reply": placed.is_bad_reply, "csat": only(placed.csat, (placed.csat > 0) & (rated < settings.cut)),
            "csat_at": before(settings, rated),
        }),
        """select landed.*, people.helpdesk_email as email from landed
        join life.people as people using (person_id) order by ticket_key""",
    )  # fmt: skip
    again = draws.chance("ticket/again", 0.4, key)
    parts = Columns.stack([
        Columns(ticket=np.flatnonzero(has), kind=np.full(int(has.sum()), kind), at=when[has])
        for kind, when, has in (
            (0, opened, np.full(len(key), True)), (1, replied, np.full(len(key), True)),
            (2, replied + 3 * HOUR, again), (3, closed, again),
        )
    ])  # fmt: skip
    parts = parts.take(parts.at < settings.cut)
    parts = parts.take(np.lexsort((parts.kind, parts.at, parts.ticket)))
    said = (
        "Hello, I need help with my order.",
        "Thank you for writing, we look into it.",
        "And now?",
        "This is done now.",
    )
    life.add("ticket_messages", arrow({
        "ticket_key": key[parts.ticket], "number": ranks(parts.ticket), "sent_at": parts.at,
        "is_agent": pa.array(parts.kind % 2 == 1), "body": words(said, parts.kind),
    }))  # fmt: skip
