"""Orders: what was bought, in which state, for how much, and what of it was paid back."""

from dataclasses import dataclass

import numpy as np

from simulator import catalogue, lives, loyalty, people, scenes
from simulator.catalogue import CITIES, PRODUCTS, Calendar
from simulator.columns import Columns, later, ranks, shares, sums
from simulator.draws import Draws
from simulator.lives import CANCELLED, CANCELLED_LATE, NORMAL, PENDING, POP_UP, STATE_TRAPS, TEST, TILL, VOIDED, WEB
from simulator.settings import DAY, NEVER, Settings

HOUR = 3600
# What a till customer shows.
NOTHING, CARD, EMAIL, PHONE, EMAIL_AND_PHONE, PLACEHOLDER = range(6)
LINES = 16  # places of an order's lines within the line key


@dataclass
class Trade:
    """Orders and what hangs on them, one Columns per life table, rows in the order of their keys."""

    orders: Columns
    lines: Columns
    refunds: Columns
    refund_lines: Columns
    subscriptions: Columns
    subscription_events: Columns
    ledger: loyalty.Ledger
    visited: Columns  # all orders with their first line, also those of the next two days: people visit before they buy


def trade(settings: Settings, draws: Draws, calendar: Calendar, who: Columns) -> Trade:
    """Everything bought by a block's people until as_of."""
    placed = lives.purchases(settings, draws, calendar, who)
    placed.at = lives.clock_times(settings, placed)
    placed = scenes.purchases(settings, draws, calendar, who, placed)
    placed = placed.take(np.argsort(placed.key, kind="stable"))
    finish(settings, draws, who, placed)
    goods = basket(settings, draws, who, placed)
    signed = subscriptions(settings, draws, who, placed, goods)
    placed["subscription"] = np.full(placed.size(), -1)
    placed.subscription[signed.order] = np.arange(signed.size())
    parents, parent_goods = placed, goods
    follow_ups = [
        renewals(settings, draws, calendar, who, signed),
        replacements(settings, draws, calendar, who, placed),
    ]
    for extra in follow_ups:
        if extra.size():
            finish(settings, draws, who, extra)
            more = repeat_basket(settings, who, extra, signed, parents, parent_goods)
            more.order = more.order + placed.size()
            goods = Columns.stack([goods, more])
            extra = Columns({name: extra[name] for name in placed})
            placed = Columns.stack([placed, extra])
    visited = Columns(
        {
            name: placed[name]
            for name in ("key", "row", "slot", "channel", "ordered_at", "created_at", "shipped_at", "delivered_at")
        }
    )
    first = goods.take(goods.line_no == 0)
    visited.variant, visited.quantity = first.variant[np.argsort(first.order)], first.quantity[np.argsort(first.order)]
    visited = visited.take(np.argsort(visited.key))
    visited = visited.take(visited.ordered_at < settings.cut + 2 * DAY)
    happened = placed.ordered_at < settings.cut
    order = np.argsort(placed.key, kind="stable")
    order = order[happened[order]]
    position = np.full(placed.size(), -1)
    position[order] = np.arange(len(order))
    goods.order = position[goods.order]
    goods = goods.take(goods.order >= 0)
    goods = goods.take(np.lexsort((goods.line_no, goods.order)))
    placed = placed.take(order)
    price(settings, draws, calendar, who, placed, goods)
    plan_refunds(settings, draws, placed, goods)
    ledger = loyalty.keep(settings, draws, who, placed)
    settle(settings, draws, who, placed, goods)
    refunds, refund_lines = paid_back(settings, placed, goods)
    events = subscription_events(settings, draws, signed)
    return Trade(placed, goods, refunds, refund_lines, signed, events, ledger, visited)


def finish(settings: Settings, draws: Draws, who: Columns, placed: Columns) -> None:
    """Instants in UTC, the order's state and what follows from it: paid, shipped, delivered, cancelled."""
    key, row = placed.key, placed.row
    zone = who.zone[row]
    placed.ordered_at = people.instants(settings, placed.at, zone)
    is_scripted = placed.scripted
    ordinary = (placed.channel == WEB) & lives.orders_of(placed.slot) & ~is_scripted & ~who.is_marketplace[row]
    rates = [settings.trap(name) for name in STATE_TRAPS]
    state = draws.pick("state", [max(1 - sum(rates), 1e-12), *rates], key)
    placed.state = np.where(ordinary, state, NORMAL)
    state = placed.state
    placed.plan = np.where(np.isin(state, (TEST, CANCELLED, VOIDED, PENDING)), lives.KEEPS, placed.plan)
    late = np.where(draws.chance("cancelled/back", 0.5, key), lives.RETURNS_ALL, lives.KEEPS)
    placed.plan = np.where(state == CANCELLED_LATE, late, placed.plan)

    web = placed.channel == WEB
    is_authorized = (web & draws.chance("authorized", 0.3, key) & (state != PENDING)) | (state == VOIDED)
    is_unpaid = (state == PENDING) & draws.chance("never paid", 0.5, key)
    ships = web & ~np.isin(state, (TEST, CANCELLED, VOIDED)) & ~is_unpaid
    placed.is_authorized = is_authorized
    paid_at = np.where(
        state == PENDING,
        later(placed.ordered_at, draws.between("pays", 1, 5, key) * DAY, ~is_unpaid),
        placed.ordered_at,
    )
    placed.shipped_at = later(np.maximum(paid_at, placed.ordered_at), placed.ship_hours * HOUR, ships)
    placed.paid_at = np.where(
        is_authorized, np.where(ships, placed.shipped_at, NEVER), np.where(is_unpaid, NEVER, paid_at)
    )
    # Carriers come between nine and seven on the day that they come.
    day = np.floor(placed.at / DAY) + placed.promised_days + placed.late_days
    placed.promised_on = (np.floor(placed.at / DAY) + placed.promised_days).astype(np.int64) + settings.begins // DAY
    delivered = people.instants(settings, (day + draws.between("delivered/hour", 9, 19, key) / 24) * DAY, zone)
    delivered = np.maximum(delivered, placed.shipped_at + 12 * HOUR)
    first_try = np.where(ships, delivered, NEVER)
    again = later(first_try, DAY, placed.trouble == lives.MISSED)
    arrives = np.where(placed.trouble == lives.MISSED, again, first_try)
    placed.attempted_at = np.where(placed.trouble == lives.LOST, NEVER, first_try)
    placed.delivered_at = np.where(placed.trouble == lives.LOST, NEVER, arrives)
    placed.cancelled_at = np.where(
        state == CANCELLED,
        later(
            placed.ordered_at, draws.between("cancelled/hours", 1, np.maximum(placed.ship_hours, 2), key) * HOUR, True
        ),
        later(placed.shipped_at, DAY, state == CANCELLED_LATE),
    )
    placed.voided_at = np.where(
        state == VOIDED,
        later(placed.ordered_at, draws.between("voided/hours", 20, 60, key) * HOUR, True),
        np.where((state == CANCELLED) & is_authorized, placed.cancelled_at, NEVER),
    )
    placed.paid_at = np.where((state == CANCELLED) & is_authorized, NEVER, placed.paid_at)
    placed.deleted_at = later(
        placed.ordered_at,
        draws.between("deleted", 5, 60, key) * DAY,
        ordinary & draws.chance("tombstone", settings.trap("tombstone"), key),
    )
    imported_at = settings.begins + 45 * DAY
    is_imported = (
        ordinary & (placed.at < 42 * DAY) & draws.chance("imported_history", settings.trap("imported_history"), key)
    )
    placed.created_at = np.where(is_imported, imported_at, placed.ordered_at)
    identify(settings, draws, who, placed)


def identify(settings: Settings, draws: Draws, who: Columns, placed: Columns) -> None:
    """Under which of their identities people buy."""
    key, row = placed.key, placed.row
    web = placed.channel == WEB
    till = placed.channel != WEB
    is_guest = web & (
        who.never_account[row]
        | (
            lives.orders_of(placed.slot)
            & draws.chance("guest_order", settings.trap("guest_order"), key)
            & ~placed.scripted
        )
    )
    shows = draws.uniform("till/shows", key)
    member = who.is_member[row]
    has_phone = who.has_phone[row]
    mode = np.select(
        [
            draws.chance("walk_in", settings.trap("walk_in"), key),
            member & (shows < 0.75),
            draws.chance("placeholder_email", settings.trap("placeholder_email"), key),
            has_phone & draws.chance("phone_only", settings.trap("phone_only"), key),
            has_phone & (shows < 0.3),
        ],
        [NOTHING, CARD, PLACEHOLDER, PHONE, EMAIL_AND_PHONE],
        EMAIL,
    )
    mode = np.where(placed.till_shows >= 0, placed.till_shows, mode)
    placed.shows = np.where(till, mode, EMAIL)
    placed.is_guest = is_guest | ((placed.channel == POP_UP) & (mode == NOTHING))
    merged = who.is_merged[row] & (key % 2 == 1) & web
    placed.second_account = merged & (placed.at < people.merged_at(who)[row])
    noisy = draws.chance("noisy_email", settings.trap("noisy_email"), key) & ~placed.scripted
    # 0 the address, 1 the second one, 2 with a plus tag or without dots, 3 upper case, 4 with spaces, 5 two letters
    # in each other's place
    form = np.where(noisy, 2 + draws.pick("noise", (0.4, 0.35, 0.25), key), 0)
    slips = draws.chance("typo", settings.trap("typo"), key) & (is_guest | till) & ~placed.scripted
    form = np.where(slips, 5, form)
    second = who.has_second_email[row] & draws.chance("second_email/used", 0.25, key) & (is_guest | till)
    placed.email_form = np.where(second, 1, form)
    placed.types_phone = has_phone & draws.chance("phone/typed", 0.4, key)
    placed.national_phone = draws.chance("national_phone", settings.trap("national_phone"), key)


_BY_CATEGORY = np.argsort(
    [catalogue.CATEGORIES.index(p.category) if p.popularity else 99 for p in PRODUCTS], kind="stable"
)
_EDGES = np.cumsum([PRODUCTS[each].popularity for each in _BY_CATEGORY])
_CATEGORY_END = np.cumsum(
    [sum(p.popularity for p in PRODUCTS if p.category == category) for category in catalogue.CATEGORIES]
)
_LATE_PRODUCTS = [p for p in PRODUCTS if p.sold_from]
_SUBSCRIBABLE = np.array([False] + [p.is_subscribable for p in PRODUCTS])


def basket(settings: Settings, draws: Draws, who: Columns, placed: Columns) -> Columns:
    """The lines of ordinary purchases: mostly of the favourite category, in the option that the person likes."""
    key = placed.key
    size = 1 + np.minimum(np.floor(np.log(draws.uniform("basket", key)) / np.log(who.basket[placed.row])), 5).astype(
        np.int64
    )
    web = (placed.channel == WEB) & ~placed.scripted
    gift = np.where(
        web & draws.chance("gift_card_sale", settings.trap("gift_card_sale"), key), draws.whole("gift", 1, 2, key), 0
    )
    size = np.where(gift == 1, 1, size + (gift == 2))
    size = np.where(placed.scripted, np.maximum(placed.script_lines, 1), size)
    order = np.repeat(np.arange(placed.size()), size)
    line_no = ranks(order)
    line_key = key[order] * LINES + line_no
    row = placed.row[order]
    at_home = draws.uniform("line/favourite", line_key) < who.favourite_share[row]
    category = np.where(at_home, who.favourite[row], draws.pick("line/category", catalogue.CATEGORY_WEIGHTS, line_key))
    low = np.concatenate([[0], _CATEGORY_END[:-1]])[category]
    point = low + draws.uniform("line/product", line_key) * (_CATEGORY_END[category] - low)
    product = np.array([PRODUCTS[each].product_id for each in _BY_CATEGORY])[
        np.searchsorted(_EDGES, point, side="right")
    ]
    for late in _LATE_PRODUCTS:
        too_early = placed.at[order] < ((late.sold_from - settings.start).days + 1) * DAY
        product = np.where((product == late.product_id) & too_early, 9, product)
    known = catalogue.variants()
    count = known.count[product]
    taste = np.where(
        draws.chance("line/option", 0.85, line_key), who.option_taste[row], draws.uniform("line/any option", line_key)
    )
    variant = known.first[product] + np.floor(taste * count).astype(np.int64)
    is_gift = (gift[order] == 1) | ((gift[order] == 2) & (line_no == size[order] - 1))
    variant = np.where(is_gift, known.first[catalogue.GIFT_CARD], variant)
    quantity = np.where(is_gift, 1, 1 + draws.pick("line/quantity", (0.86, 0.11, 0.03), line_key))
    unit = unit_price(settings, who.shop_id[row], placed.channel[order], variant, placed.at[order])
    lines = Columns(order=order, line_no=line_no, variant=variant, quantity=quantity, unit=unit)
    scenes.lines(placed, lines)
    return lines


def unit_price(
    settings: Settings, shop: np.ndarray, channel: np.ndarray, variant: np.ndarray, at: np.ndarray
) -> np.ndarray:
    """Cents per unit at that time. European web prices contain tax; tills report prices without it."""
    known = catalogue.variants()
    cents = known.price_cents[shop, variant]
    is_gift = known.product_id[variant] == catalogue.GIFT_CARD
    risen = at >= (catalogue.PRICE_RISE - settings.start).days * DAY
    cents = np.where(is_gift, PRODUCTS[catalogue.GIFT_CARD - 1].price_cents, np.where(risen, cents * 104 // 100, cents))
    return np.where((shop == 1) & (channel == TILL), np.round(cents / 1.2).astype(np.int64), cents)


def subscriptions(settings: Settings, draws: Draws, who: Columns, placed: Columns, goods: Columns) -> Columns:
    """Who subscribes with which order: its first line is delivered again and again until something ends it."""
    first = goods.take(goods.line_no == 0)
    product = catalogue.variants().product_id[first.variant]
    wants = (
        who.is_subscriber[placed.row]
        & draws.chance("subscribes", 0.5, placed.key)
        & (placed.channel == WEB)
        & (placed.state == NORMAL)
        & ~placed.scripted
    ) | (placed.script_interval > 0)
    wants &= _SUBSCRIBABLE[product]
    order = np.flatnonzero(wants)
    number = ranks(placed.row[order])
    order, number = order[number < lives.SUBSCRIPTIONS], number[number < lives.SUBSCRIPTIONS]
    key = who.person_id[placed.row[order]] * lives.SUBSCRIPTIONS + number
    interval = 30 + 15 * draws.pick("subscription/interval", (0.7, 0.15, 0.15), key)
    scripted = placed.script_interval[order]
    interval = np.where(scripted > 0, scripted, interval)
    # How many deliveries until it ends: voluntarily, by failed payments, or because the number agreed is reached.
    lasts = np.minimum(np.floor(np.log(draws.uniform("subscription/lasts", key)) / np.log(0.90)), 200).astype(np.int64)
    how = draws.pick("subscription/end", (0.70, 0.22, 0.08), key)
    pauses = draws.chance("subscription/pauses", 0.12, key)
    paused_after = draws.whole("subscription/paused", 1, 6, key)
    swapped_after = np.where(draws.chance("subscription/swaps", 0.06, key), 2, 999)
    started = placed.at[order]
    ended = started + (lasts + 0.6) * interval * DAY + np.where(pauses & (lasts >= paused_after), 2, 0) * interval * DAY
    is_scripted = placed.scripted[order]
    ended = np.where(is_scripted, placed.script_ends[order], ended)
    pauses = np.where(is_scripted, False, pauses)
    returns = ~is_scripted & (how == 0) & draws.chance("subscription/returns", 0.05, key)
    return Columns(
        subscription_key=key,
        order=order,
        order_key=placed.key[order],
        row=placed.row[order],
        variant=first.variant[order],
        swap_variant=first.variant[order] + np.where(
            known_siblings(first.variant[order]) > 1,
            np.where(first.variant[order] == catalogue.variants().first[product[order]], 1, -1), 0
        ),
        quantity=first.quantity[order],
        interval=interval,
        started=started,
        paused=np.where(
            is_scripted,
            placed.script_pauses[order],
            np.where(pauses, started + (paused_after + 0.3) * interval * DAY, np.inf),
        ),
        resumed=np.where(pauses, started + (paused_after + 2.3) * interval * DAY, np.inf),
        swapped=started + (swapped_after + 0.4) * interval * DAY,
        ended=ended,
        how=np.where(is_scripted, 0, how),
        reactivated=np.where(returns, ended + draws.between("subscription/away", 20, 60, key) * DAY, np.inf),
        unit=first.unit[order],
    )  # fmt: skip


def known_siblings(variant: np.ndarray) -> np.ndarray:
    known = catalogue.variants()
    return known.count[known.product_id[variant]]


def renewal_times(settings: Settings, draws: Draws, signed: Columns) -> Columns:
    """Every date on which a subscription would charge, with whether it is skipped, until as_of."""
    end = settings.cut - settings.begins + DAY
    span = np.maximum((end - signed.started) / (signed.interval * DAY), 0)
    count = np.minimum(np.floor(span), lives.RENEWALS - 1).astype(np.int64)
    subscription = np.repeat(np.arange(signed.size()), count)
    number = ranks(subscription) + 1
    mine = signed.take(subscription)
    at = mine.started + number * mine.interval * DAY
    at = np.floor(at / DAY) * DAY + draws.between("renewal/hour", 4, 7, mine.subscription_key, number) * 3600
    is_paused = (at >= mine.paused) & (at < mine.resumed)
    is_over = (at >= mine.ended) & (at < mine.reactivated)
    skipped = draws.chance("renewal/skipped", 0.05, mine.subscription_key, number)
    return Columns(
        subscription=subscription,
        number=number,
        at=at,
        skipped=skipped & ~is_paused & ~is_over,
        charged=~(is_paused | is_over | skipped),
    )


def renewals(settings: Settings, draws: Draws, calendar: Calendar, who: Columns, signed: Columns) -> Columns:
    """The orders that subscriptions place."""
    due = renewal_times(settings, draws, signed)
    due = due.take(due.charged)
    mine = signed.take(due.subscription)
    number = mine.subscription_key % lives.SUBSCRIPTIONS
    slot = lives.RENEWAL + number * lives.RENEWALS + due.number
    key = who.person_id[mine.row] * lives.SLOTS + slot
    return follow_up(settings, draws, calendar, who, key, slot, mine.row, due.at, due.subscription)


def replacements(settings: Settings, draws: Draws, calendar: Calendar, who: Columns, placed: Columns) -> Columns:
    """What is sent for goods that were exchanged: real orders of the shop, but nobody bought anything."""
    exchanged = placed.take((placed.plan == lives.EXCHANGES) & lives.orders_of(placed.slot))
    slot = lives.REPLACEMENT + exchanged.slot
    key = who.person_id[exchanged.row] * lives.SLOTS + slot
    at = (
        exchanged.at
        + (exchanged.promised_days + np.maximum(exchanged.late_days, 0) + exchanged.returned_after + 1) * DAY
    )
    return follow_up(settings, draws, calendar, who, key, slot, exchanged.row, at, np.full(len(key), -1))


def follow_up(settings, draws, calendar, who, key, slot, row, at, subscription) -> Columns:
    """Orders that follow from others: on the web, with a fate but no script."""
    channel = np.full(len(key), WEB)
    fate = lives.fates(settings, draws, calendar, who.take(row), key, at, channel, np.ones(len(key)))
    extra = Columns(fate | {"row": row, "slot": slot, "at": at, "channel": channel, "subscription": subscription})
    extra.plan = np.where(extra.plan == lives.EXCHANGES, lives.KEEPS, extra.plan)
    scenes.unscripted(extra)
    return extra


def repeat_basket(settings, who: Columns, extra: Columns, signed: Columns, placed: Columns, goods: Columns) -> Columns:
    """The single line of a renewal (as subscribed, or as swapped) or of a replacement (the first line again)."""
    renewal = extra.subscription >= 0
    first = goods.take(goods.line_no == 0)
    parent = np.where(renewal, 0, np.searchsorted(placed.key, extra.key - lives.REPLACEMENT).clip(max=first.size() - 1))
    mine = signed.take(np.maximum(extra.subscription, 0)) if signed.size() else None
    variant, quantity = first.variant[parent], first.quantity[parent]
    if mine is not None:
        variant = np.where(renewal, np.where(extra.at >= mine.swapped, mine.swap_variant, mine.variant), variant)
        quantity = np.where(renewal, mine.quantity, quantity)
    return Columns(
        order=np.arange(extra.size()),
        line_no=np.zeros(extra.size(), dtype=np.int64),
        variant=variant,
        quantity=quantity,
        unit=unit_price(settings, who.shop_id[extra.row], extra.channel, variant, extra.at),
    )


def price(settings: Settings, draws: Draws, calendar: Calendar, who: Columns, placed: Columns, goods: Columns) -> None:
    """Discounts other than rewards: a promotion's code, a welcome code, a subscriber's discount, spend-and-save."""
    key, count = placed.key, placed.size()
    row = placed.row
    goods.is_gift = catalogue.variants().product_id[goods.variant] == catalogue.GIFT_CARD
    goods.gross = goods.quantity * goods.unit
    goods.worth = np.where(goods.is_gift, 0, goods.gross)
    worth = sums(goods.worth, goods.order, count)
    known = catalogue.promotions(settings.start)
    running = calendar.promotion[calendar.day(placed.at)]
    take_up = np.array([each.take_up for each in known] + [0.0])[running]
    percent = np.array([each.percent for each in known] + [0])[running]
    minimum = np.array([each.min_cents for each in known] + [0])[running]
    ordinary = lives.orders_of(placed.slot) & ~placed.scripted
    uses = ordinary & (running >= 0) & (worth >= minimum) & draws.chance("code", take_up, key)
    welcome = ordinary & ~uses & (placed.slot == 0) & (placed.channel == WEB) & draws.chance("welcome", 0.2, key)
    if settings.plain_lives:
        welcome &= False
    renewal = placed.slot >= lives.RENEWAL
    # 0 none, 1 promotion, 2 WELCOME10, 3 subscriber's ten per cent
    placed.code = np.select([uses, welcome, renewal], [1, 2, 3], 0)
    placed.promotion = np.where(uses, running, -1)
    placed.percent = np.where(uses, percent, np.where(welcome | renewal, 10, 0))
    goods.by_code = np.round(goods.worth * placed.percent[goods.order] / 100).astype(np.int64)
    spend_and_save = ordinary & (placed.channel == WEB) & (worth >= 8_000) & draws.chance("spend and save", 0.4, key)
    placed.automatic = np.where(spend_and_save, 500, 0)
    goods.by_rule = shares(placed.automatic, goods.worth, goods.order)
    placed.base = sums(goods.worth - goods.by_code - goods.by_rule, goods.order, count)
    is_web = placed.channel == WEB
    is_replacement = (placed.slot >= lives.REPLACEMENT) & ~renewal
    charged = np.where((placed.base >= 5_000) | (placed.base == 0), 0, 595)
    placed.shipping = np.where(is_web & ~is_replacement, charged + 700 * (placed.service == lives.EXPRESS), 0)
    free = ordinary & (placed.shipping > 0) & draws.chance("free shipping", 0.05, key)
    placed.shipping_off = np.where(free, placed.shipping, 0)
    tips = (placed.channel == POP_UP) & draws.chance("tip", settings.trap("tip"), key)
    placed.tip = np.where(tips, 100 * draws.whole("tip/size", 1, 5, key), 0)
    tender = ordinary & is_web & (placed.state == NORMAL) & (placed.base >= 6_000)
    placed.gift_tender = np.where(
        tender & draws.chance("gift_card_tender", min(1.0, 4 * settings.trap("gift_card_tender")), key), 5_000, 0
    )
    placed.is_legacy = draws.chance("legacy_line_discount", settings.trap("legacy_line_discount"), key) & is_web
    placed.tax_rate = np.array([city.tax for city in CITIES])[who.city[row]]
    placed.tax_rate = np.where(placed.channel == TILL, 0.0, placed.tax_rate)
    placed.taxes_included = (who.shop_id[row] == 1) & (placed.channel != TILL)
    # Nothing is shipped for gift cards alone.
    is_digital = is_web & (worth == 0)
    for instant in ("shipped_at", "attempted_at", "delivered_at"):
        placed[instant] = np.where(is_digital, NEVER, placed[instant])
    placed.paid_at = np.where(is_digital & (placed.state == NORMAL), placed.ordered_at, placed.paid_at)
    placed.is_authorized &= ~(is_digital & (placed.state == NORMAL))
    placed.plan = np.where(is_digital, lives.KEEPS, placed.plan)


def plan_refunds(settings: Settings, draws: Draws, placed: Columns, goods: Columns) -> None:
    """How many units of each line come back, and when; money follows in `paid_back`."""
    key = placed.key
    returns_all = (placed.plan == lives.RETURNS_ALL) | (placed.state == CANCELLED)
    one = np.isin(placed.plan, (lives.RETURNS_ONE, lives.EXCHANGES, lives.RESTOCKS))
    units = draws.whole("return/units", 1, goods.quantity, key[goods.order], goods.line_no)
    units = np.where(placed.plan[goods.order] == lives.EXCHANGES, goods.quantity, units)
    goods.returned = np.where(
        goods.is_gift,
        0,
        np.where(returns_all[goods.order], goods.quantity, np.where(one[goods.order] & (goods.line_no == 0), units, 0)),
    )
    from_then = np.where(
        placed.channel == WEB,
        np.where(placed.trouble == lives.LOST, placed.shipped_at, placed.delivered_at),
        placed.ordered_at,
    )
    wanted = placed.plan != lives.KEEPS
    placed.refund_at = later(from_then, np.maximum(placed.returned_after, 0.1) * DAY, wanted)
    placed.refund_at = np.where(placed.state == CANCELLED, later(placed.cancelled_at, 300, True), placed.refund_at)
    has_units = sums(goods.returned, goods.order, placed.size()) > 0
    placed.refund_at = np.where(
        has_units | (placed.plan == lives.GETS_AMOUNT) & (placed.base > 0), placed.refund_at, NEVER
    )
    kept = sums(
        np.where(
            goods.quantity > 0,
            (goods.worth - goods.by_code - goods.by_rule) * goods.returned // np.maximum(goods.quantity, 1),
            0,
        ),
        goods.order,
        placed.size(),
    )
    placed.amount_back = np.where(
        placed.plan == lives.GETS_AMOUNT,
        np.round(placed.base * draws.between("amount", 0.1, 0.3, key)).astype(np.int64),
        0,
    )
    moves_money = ~np.isin(placed.plan, (lives.EXCHANGES, lives.RESTOCKS))
    # Whether all merchandise comes back; if not, what is left of it before any reward.
    placed.is_whole_return = returns_all
    placed.value_back = np.where(moves_money, kept + placed.amount_back, 0)
    placed.ship_back = np.where(
        returns_all | (placed.plan == lives.RETURNS_ONE),
        np.where(
            draws.chance("shipping_refund", settings.trap("shipping_refund"), key),
            placed.shipping - placed.shipping_off,
            0,
        ),
        0,
    )
    placed.moves_money = moves_money


def settle(settings: Settings, draws: Draws, who: Columns, placed: Columns, goods: Columns) -> None:
    """With the rewards known: shares of the lines, taxes and totals."""
    count = placed.size()
    goods.by_reward = shares(placed.reward, goods.worth - goods.by_code - goods.by_rule, goods.order)
    goods.off = goods.by_code + goods.by_rule + goods.by_reward
    goods.net = goods.gross - goods.off
    rate = placed.tax_rate[goods.order]
    inside = placed.taxes_included[goods.order]
    taxed = np.where(goods.is_gift, 0, goods.net)
    goods.tax = np.where(inside, np.round(taxed * rate / (1 + rate)), np.round(taxed * rate)).astype(np.int64)
    goods.off_untaxed = np.where(inside, np.round(goods.off / (1 + rate)), goods.off).astype(np.int64)
    placed.tax = sums(goods.tax, goods.order, count)
    placed.lines_net = sums(goods.net, goods.order, count)
    added = np.where(placed.taxes_included, 0, placed.tax)
    placed.total = placed.lines_net + added + placed.shipping - placed.shipping_off + placed.tip
    placed.gift_tender = np.minimum(placed.gift_tender, placed.total)
    placed.discount = sums(goods.off, goods.order, count)


def paid_back(settings: Settings, placed: Columns, goods: Columns) -> tuple[Columns, Columns]:
    """Refunds with their lines: a line's share of its net value by units, tax likewise."""
    happened = (placed.refund_at != NEVER) & (placed.refund_at < settings.cut)
    back = goods.take((goods.returned > 0) & happened[goods.order])
    value = back.net * back.returned // back.quantity
    tax = back.tax * back.returned // back.quantity
    order = np.flatnonzero(happened)
    value_of = sums(value, back.order, placed.size())[order]
    tax_of = sums(tax, back.order, placed.size())[order]
    mine = placed.take(order)
    goods_money = value_of + np.where(mine.taxes_included, 0, tax_of)
    never_paid = (mine.paid_at == NEVER) | (mine.paid_at > mine.refund_at)
    moves_money = mine.moves_money & ~never_paid
    refunds = Columns(
        order=order,
        key=mine.key,
        refunded_at=mine.refund_at,
        plan=np.where(mine.state == CANCELLED, lives.RETURNS_ALL, mine.plan),
        moves_money=moves_money,
        goods=value_of,
        tax=tax_of,
        amount=mine.amount_back,
        shipping=mine.ship_back,
        money=np.where(moves_money, goods_money + mine.amount_back + mine.ship_back, 0),
        merchandise=np.where(moves_money, value_of - np.where(mine.taxes_included, tax_of, 0) + mine.amount_back, 0),
    )
    lines = Columns(
        refund=np.searchsorted(order, back.order),
        order=back.order,
        line_no=back.line_no,
        quantity=back.returned,
        value=value,
        tax=tax,
    )
    return refunds, lines


STARTED, PAUSED, RESUMED, SKIPPED, SWAPPED, ENDED, EXPIRED, FAILED, REACTIVATED = range(9)
SUBSCRIPTION_EVENTS = (
    "started", "paused", "resumed", "skipped", "swapped", "cancelled", "expired", "payment_failed", "reactivated",
)  # fmt: skip


def subscription_events(settings: Settings, draws: Draws, signed: Columns) -> Columns:
    """What happens to subscriptions beside their charges, as (subscription, event, local seconds since the start)."""
    ends = np.select([signed.how == 1, signed.how == 2], [FAILED, EXPIRED], ENDED)
    parts = []
    for kind, at in (
        (STARTED, signed.started), (PAUSED, signed.paused), (RESUMED, signed.resumed), (SWAPPED, signed.swapped),
        (ends, signed.ended), (REACTIVATED, signed.reactivated),
    ):  # fmt: skip
        over = (at > signed.ended) & (np.asarray(kind) != REACTIVATED)
        rows = np.flatnonzero(np.isfinite(at) & ~over)
        parts.append(Columns(subscription=rows, kind=np.broadcast_to(kind, signed.size())[rows], at=at[rows]))
    due = renewal_times(settings, draws, signed)
    skipped = due.take(due.skipped)
    parts.append(Columns(subscription=skipped.subscription, kind=np.full(skipped.size(), SKIPPED), at=skipped.at))
    events = Columns.stack(parts)
    return events.take(np.lexsort((events.kind, events.at, events.subscription)))
