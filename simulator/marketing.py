"""Life tables about marketing (consent, messages, referrals, erasure) and the web (visits, carts)."""

import numpy as np

from simulator import catalogue, lives, people
from simulator.columns import Columns, arrow, later, only, ranks, words
from simulator.lives import WEB
from simulator.scenes import NAMES
from simulator.settings import DAY, NEVER, seconds
from simulator.tables import Life, before

HOUR = 3600
CHANNELS = ("email", "sms", "push")
CLASSES = ("promotional", "service", "transactional")
FLOWS = ("welcome", "order confirmation", "shipping notice", "review request", "points expire soon", "we miss you")
SOURCES = ("direct", "search", "email", "social", "referral")
SOURCE_WEIGHTS = (0.35, 0.3, 0.2, 0.1, 0.05)


def consent_spans(life: Life) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Per channel, from when until when each person takes messages (UNIX time; NEVER: not at all)."""
    settings, draws, who = life.settings, life.draws, life.who
    begins = people.agrees_at(settings, who)
    spans = {}
    for channel in CHANNELS:
        wants = who[f"wants_{channel}"]
        patience = 150 + 1500 * who.message_tolerance if channel != "sms" else 100 + 900 * who.message_tolerance
        leaves = begins + (draws.exponential(f"unsubscribes/{channel}", who.person_id) * patience * DAY).astype(
            np.int64
        )
        leaves = np.where(who.scene >= 0, 2**62, leaves)
        spans[channel] = (np.where(wants, begins + 60, NEVER), np.where(wants, leaves, NEVER))
    return spans


def add_marketing(life: Life) -> None:
    settings, who = life.settings, life.who
    spans = consent_spans(life)
    parts = []
    for number, channel in enumerate(CHANNELS):
        since, until = spans[channel]
        for state, at in ((0, since), (1, until)):
            rows = np.flatnonzero((at != NEVER) & (at < settings.cut))
            parts.append(
                Columns(row=rows, channel=np.full(len(rows), number), state=np.full(len(rows), state), at=at[rows])
            )
    events = Columns.stack(parts)
    events = events.take(np.lexsort((events.channel, events.at, events.row)))
    how = np.where(events.state == 0, 0, np.where(events.channel == 1, 2, 1))
    life.add("consent_events", arrow({
        "person_id": who.person_id[events.row], "channel": words(CHANNELS, events.channel),
        "state": words(("subscribed", "unsubscribed"), events.state), "changed_at": events.at,
        "method": words(("checkout", "unsubscribe link", "STOP"), how),
    }))  # fmt: skip
    add_messages(life, spans)
    add_referrals(life)
    life.con.execute(
        """
        create table life.erasures as
        select person_id, erasure_at as requested_at from life.people where erasure_at is not null order by person_id
        """
    )


def add_messages(life: Life, spans: dict) -> None:
    settings, draws, who = life.settings, life.draws, life.who
    sends = []

    def send(row, at, channel, kind, campaign=-1, flow=-1, order=None):
        count = len(row)
        sends.append(Columns(
            row=row, at=np.broadcast_to(at, count), channel=np.full(count, channel), kind=np.full(count, kind),
            campaign=np.full(count, campaign), flow=np.full(count, flow),
            order=np.full(count, -1) if order is None else order,
        ))  # fmt: skip

    for campaign in catalogue.campaigns(settings.start):
        if campaign.sent_at >= settings.cut:
            continue
        channel = CHANNELS.index(campaign.channel)
        since, until = spans[campaign.channel]
        takes = (since != NEVER) & (since <= campaign.sent_at) & (campaign.sent_at < until)
        row = np.flatnonzero(takes)
        chosen = draws.chance("campaign", campaign.share, who.person_id[row], campaign.campaign_id)
        send(row[chosen], campaign.sent_at, channel, 0, campaign=campaign.campaign_id)
    since, until = spans["email"]
    fresh = np.flatnonzero((since != NEVER) & (since < settings.cut))
    send(fresh, since[fresh] + HOUR, 0, 0, flow=0)
    placed = life.trade.orders
    has_mail = (placed.channel == WEB) & ~who.is_marketplace[placed.row]
    for flow, at in ((1, placed.ordered_at + 120), (2, later(placed.shipped_at, 600, True))):
        order = np.flatnonzero(has_mail & (at != NEVER) & (at < settings.cut))
        send(placed.row[order], at[order], 0, 2, flow=flow, order=order)
    asked = later(placed.delivered_at, 7 * DAY, has_mail)
    takes = (asked != NEVER) & (since[placed.row] != NEVER) & (asked < until[placed.row]) & (asked < settings.cut)
    order = np.flatnonzero(takes)
    send(placed.row[order], asked[order], 0, 0, flow=3, order=order)
    by_time = np.lexsort((placed.ordered_at, placed.row))
    row, at = placed.row[by_time], placed.ordered_at[by_time]
    following = np.append(np.where(row[1:] == row[:-1], at[1:], 2**62), 2**62)
    missed = at + 120 * DAY
    quiet = np.flatnonzero(
        (missed < following)
        & (since[row] != NEVER)
        & (missed < until[row])
        & (missed < settings.cut)
        & (missed > since[row])
    )
    send(row[quiet], missed[quiet], 0, 0, flow=5)
    # Six of ten members with mail hear a month before that points will expire.
    ledger = life.trade.ledger
    row, at = ledger.members.row[ledger.lots.member], ledger.lots.expires_at - 30 * DAY
    told = (
        (since[row] != NEVER) & (since[row] <= at) & (at < until[row]) & (at < settings.cut) & (ledger.lots.issued > 0)
    )
    told &= (who.scene[row] < 0) & draws.chance("expiry notice", 0.6, who.person_id[row], at // DAY)
    send(row[told], at[told], 0, 1, flow=4)
    told = seconds(settings.scene_day)
    if who.person_id[0] == 0:
        # Naomi gets a promotion the day after her review, Marshall one of cleansers every month.
        written = [("naomi", 4.0)] + [("marshall", 20.0 + 30 * month) for month in range(6)]
        at = np.array([told - int(days * DAY) + 16 * HOUR for _, days in written])
        row = np.array([NAMES.index(name) for name, _ in written])
        send(row[at < settings.cut], at[at < settings.cut], 0, 0, flow=5)

    every = Columns.stack(sends)
    every = every.take(np.lexsort((every.flow, every.campaign, every.channel, every.at, every.row)))
    number = ranks(every.row)
    key = who.person_id[every.row] * 10_000 + number
    # What becomes of a message hangs on who, what and when, not on how many there were before.
    about = (who.person_id[every.row], every.at, every.channel, every.flow + 100 * every.campaign)
    is_mail, is_sms = every.channel == 0, every.channel == 1
    bounces = ~(every.channel == 2) & draws.chance("bounces", 0.008, *about)
    delivered = later(every.at, draws.between("delivered", 2, 90, *about), ~bounces & (is_mail | is_sms))
    likely = who.opens[every.row] * np.where(every.kind == 2, 1.6, 1.0)
    opened = later(
        every.at,
        draws.exponential("opened", *about) * 6 * HOUR + 30,
        ~bounces & ~is_sms & draws.chance("opens", likely, *about),
    )
    machine = later(delivered, draws.between("machine", 5, 600, *about), is_mail & who.is_apple[every.row])
    clicks = np.where(
        is_sms, draws.chance("clicks/sms", 0.08, *about), (opened != NEVER) & draws.chance("clicks", 0.15, *about)
    )
    clicked = later(np.where(is_sms, delivered, opened), draws.between("clicked", 3, 120, *about), clicks)
    until_of = np.stack([spans[channel][1] for channel in CHANNELS])[every.channel, every.row]
    # Who leaves, leaves by the last promotional message before.
    grouped = np.lexsort((every.at, every.kind != 0, every.channel, every.row))
    last_of_group = np.append(
        (every.row[grouped][1:] != every.row[grouped][:-1])
        | (every.channel[grouped][1:] != every.channel[grouped][:-1])
        | ((every.kind[grouped][1:] != 0) & (every.kind[grouped][:-1] == 0)), True,
    )  # fmt: skip
    leaves = np.full(every.size(), False)
    leaves[grouped[last_of_group]] = True
    leaves &= (every.kind == 0) & (until_of != NEVER) & (until_of > every.at) & ~bounces
    unsubscribed = np.where(leaves, until_of, NEVER)
    order_key = np.append(placed.key, -1)
    life.add("messages", arrow({
        "message_key": key, "person_id": who.person_id[every.row], "channel": words(CHANNELS, every.channel),
        "message_class": words(CLASSES, every.kind), "campaign_id": only(every.campaign, every.campaign >= 0),
        "flow": words((*FLOWS, None), np.where(every.flow < 0, len(FLOWS), every.flow)),
        "order_key": only(order_key[every.order], every.order >= 0), "sent_at": every.at,
        "delivered_at": before(settings, delivered), "bounced_at": before(settings, later(every.at, 60, bounces)),
        "opened_at": before(settings, opened), "machine_opened_at": before(settings, machine),
        "clicked_at": before(settings, clicked), "unsubscribed_at": before(settings, unsubscribed),
    }))  # fmt: skip


def add_referrals(life: Life) -> None:
    settings, draws, who = life.settings, life.draws, life.who
    row = np.flatnonzero(np.isfinite(who.first) & (who.scene < 0) & draws.chance("referred", 0.05, who.person_id))
    back = draws.whole("advocate", 1, 400, who.person_id[row])
    # Some invite their own household: the programme must not pay for that.
    housemate = np.minimum(who.person_id[row] ^ 1, who.person_id[-1]) - who.person_id[0]
    is_self = who.is_household[row] & draws.chance("self referral", 0.2, who.person_id[row])
    advocate = np.where(is_self, housemate, row - back)
    known = (advocate >= len(NAMES)) & np.isfinite(who.first[np.maximum(advocate, 0)])
    row, advocate = row[known], advocate[known]
    first = people.instants(settings, who.first[row], who.zone[row])
    invited = people.instants(settings, who.arrived[row], who.zone[row])
    completed = draws.chance("referral completed", 0.7, who.person_id[row])
    happened = invited < settings.cut
    done = completed & (first < settings.cut)
    life.add("referrals", arrow({
        "referral_key": who.person_id[row], "advocate_person_id": who.person_id[advocate],
        "friend_person_id": who.person_id[row], "invited_at": np.where(happened, invited, NEVER),
        "completed_at": np.where(done, first, NEVER), "order_key": only(who.person_id[row] * lives.SLOTS, done),
        "is_self": who.home_id[row] == who.home_id[advocate],
    }), """select landed.*, upper(substr(md5('referral' || advocate_person_id), 1, 8)) as code from landed
        where invited_at is not null order by referral_key""")  # fmt: skip


def add_web(life: Life) -> None:
    settings, draws, who = life.settings, life.draws, life.who
    placed = life.trade.visited
    known = catalogue.variants()
    web = np.flatnonzero((placed.channel == WEB) & lives.orders_of(placed.slot) & ~who.is_marketplace[placed.row])
    parts, carts = [], []

    def visit(order, copy, at, kind, made, looked):
        parts.append(Columns(
            row=placed.row[order], key=placed.key[order] * 64 + copy, at=at, kind=np.full(len(order), kind),
            order=np.where(made & (placed.ordered_at[order] < settings.cut), order, -1), variant=looked,
        ))  # fmt: skip

    def cart(order, copy, at, done, looked):
        carts.append(Columns(
            row=placed.row[order], key=placed.key[order] * 4 + copy, at=at, order=np.where(done, order, -1),
            variant=looked,
            quantity=placed.quantity[order],
        ))  # fmt: skip

    visit(
        web,
        0,
        placed.ordered_at[web] - draws.whole("visit/before", 120, 1800, placed.key[web]),
        0,
        np.full(len(web), True),
        placed.variant[web],
    )
    for copy in (1, 2, 3):
        comes = web[draws.chance(f"visit/{copy}", 0.55, placed.key[web])]
        # Before an order people look around for a day or two, afterwards once in a while.
        away = draws.between(f"visit/when/{copy}", 0.1, 2 if copy == 1 else 20, placed.key[comes]) * DAY
        at = placed.ordered_at[comes] + np.where(copy == 1, -1, 1) * away.astype(np.int64)
        looked = draws.whole(f"visit/what/{copy}", 0, len(known.sku) - 2, placed.key[comes])
        visit(comes, copy, at, 0, np.full(len(comes), False), looked)
    parcel = np.flatnonzero((placed.shipped_at != NEVER) & (placed.shipped_at < settings.cut))
    looks = np.minimum(np.floor(draws.exponential("tracking", placed.key[parcel]) * 3.6), 20).astype(np.int64)
    order = np.repeat(parcel, looks)
    copy = ranks(order)
    ends = np.where(placed.delivered_at[order] == NEVER, placed.shipped_at[order] + 8 * DAY, placed.delivered_at[order])
    at = placed.shipped_at[order] + (
        (ends - placed.shipped_at[order]) * draws.uniform("tracking/when", placed.key[order], copy)
    ).astype(np.int64)
    visit(order, 16 + copy, at, 1, np.full(len(order), True), placed.variant[order])
    every = Columns.stack(parts)
    arrived = people.instants(settings, who.arrived, who.zone)
    every = every.take((every.at < settings.cut) & (every.at >= arrived[every.row]))
    every = every.take(np.lexsort((every.key, every.at)))
    made = (every.order >= 0) & (every.kind == 0)
    keys = np.append(placed.key, -1)
    life.add("visits", arrow({
        "visit_key": every.key, "person_id": who.person_id[every.row], "started_at": every.at,
        "device": draws.whole("device", 0, 2, every.key), "kind": words(("shop", "tracking"), every.kind),
        "source": words(SOURCES, np.where(every.kind == 1, 2, draws.pick("source", SOURCE_WEIGHTS, every.key))),
        "pages": 1 + np.floor(draws.exponential("pages", every.key) * 3).astype(np.int64),
        "variant_id": known.variant_id[every.variant],
        "has_added": made | ((every.kind == 0) & draws.chance("adds", 0.15, every.key)), "has_checked_out": made,
        "order_key": only(keys[every.order], every.order >= 0),
    }), """select * exclude (device), md5('device' || person_id || '/' || device) as anonymous_id
        from landed order by visit_key""")  # fmt: skip

    recovered = web[
        draws.chance("cart/recovered", 0.08, placed.key[web]) & (placed.created_at[web] == placed.ordered_at[web])
    ]
    cart(recovered, 0, placed.created_at[recovered] - draws.whole("cart/before", HOUR, 2 * DAY, placed.key[recovered]),
         np.full(len(recovered), True), placed.variant[recovered])  # fmt: skip
    left = web[draws.chance("cart/left", 0.2, placed.key[web])]
    looked = draws.whole("cart/what", 0, len(known.sku) - 2, placed.key[left])
    cart(
        left,
        1,
        placed.ordered_at[left] + draws.whole("cart/after", 3 * DAY, 40 * DAY, placed.key[left]),
        np.full(len(left), False),
        looked,
    )
    carted = Columns.stack(carts)
    never = np.flatnonzero(who.is_prospect & draws.chance("cart/prospect", 0.6, who.person_id))
    looked = draws.whole("cart/prospect/what", 0, len(known.sku) - 2, who.person_id[never])
    at = people.instants(settings, who.arrived[never], who.zone[never]) + HOUR
    carted = Columns.stack([carted, Columns(
        row=never, key=who.person_id[never] * lives.SLOTS * 4 + 2, at=at, order=np.full(len(never), -1), variant=looked,
        quantity=np.ones(len(never), dtype=np.int64),
    )])  # fmt: skip
    carted = carted.take((carted.at < settings.cut) & (carted.at >= arrived[carted.row]))
    carted = carted.take(np.lexsort((carted.key, carted.at)))
    shop = who.shop_id[carted.row]
    done = np.append(placed.created_at, NEVER)[carted.order]
    life.add("carts", arrow({
        "cart_key": carted.key, "person_id": who.person_id[carted.row], "variant_id": known.variant_id[carted.variant],
        "quantity": carted.quantity, "value_cents": known.price_cents[shop, carted.variant] * carted.quantity,
        "shop_id": shop, "created_at": carted.at, "completed_at": before(settings, done),
        "order_key": only(keys[carted.order], (carted.order >= 0) & (done < settings.cut)),
    }), """select landed.*, people.email from landed
        join life.people as people using (person_id) order by cart_key""")  # fmt: skip
