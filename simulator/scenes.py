"""
The named people whom every shop has, with lives that are written down. Their stories are told around `--scene-day`.

naomi              a new shopper; her first order gets one star five days before the scene day, nobody has answered yet
chrissy            500 points (450 of one order, 50 for joining), which expire 15 days after the scene day,
    and a tier that she loses then
marshall           subscribes to a cleanser, paused ten days ago, and is sent every promotion of cleansers
late_first_timer   a first order that should have come three days ago; no word from the customer
vip_two_day        eleven orders, then one with two-day shipping that is three days late
less_sugar         always chooses less sugar, and still finds it too sweet
one_of_three       three subscriptions, one cancelled
twin_a, twin_b     one name, birthday, address and phone; two e-mails
inbox_a, inbox_b   a household with one inbox: an account, and somebody who orders as a guest
number_before, number_after   one phone number, given up by one and used by the other half a year later
counter_a, counter_b, counter_c   strangers whose till receipts carry the shop counter's own e-mail
unlock_100, unlock_101   members with 100 and 101 points who order again for exactly 10.00
two_hundred        buys for 200 once a year, three years running
"""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from simulator import catalogue, lives
from simulator.columns import Columns
from simulator.settings import BLOCK, DAY, Settings, seconds

NAMES = (
    "naomi", "chrissy", "marshall", "late_first_timer", "vip_two_day", "less_sugar", "one_of_three", "twin_a", "twin_b",
    "inbox_a", "inbox_b", "number_before", "number_after", "counter_a", "counter_b", "counter_c", "unlock_100",
    "unlock_101", "two_hundred",
)  # fmt: skip
COUNT = len(NAMES)
COUNTER_EMAIL = "counter.nyc-1@perennial.example"
_PERSON = {name: number for number, name in enumerate(NAMES)}
_GIVEN = ("Naomi", "Chrissy", "Marshall", "Lata", "Vera", "Bubbles", "Threena", "Tessa", "Tilda", "Inge", "Ivan",
          "Norbert", "Nadja", "Cora", "Carl", "Celia", "Hundred", "Hundredone", "Tuva")  # fmt: skip
_FAMILY = ("Reyes", "Okafor", "Lindqvist", "First", "Express", "Tea", "Plenty", "Twin", "Twin", "Inbox", "Inbox",
           "Before", "After", "Counter", "Counter", "Counter", "Point", "Point", "Yearly")  # fmt: skip


@dataclass(frozen=True)
class Order:
    """One written order, so many days before the scene day. Goods are (sku, units, cents); `more` overrides a fate."""

    person: str
    days: float
    goods: tuple
    channel: int = lives.WEB
    subscribes: int = 0
    pauses: float | None = None
    ends: float | None = None
    redeems: float = 0.0
    shows: int = -1
    more: dict = field(default_factory=dict)


def _orders() -> list[Order]:
    cleanser, serum, tea = "DC-071", "DS-091", "TBTK-012"
    late = {"late_days": 5, "promised_days": 5}
    quick = {"service": lives.EXPRESS, "promised_days": 2, "late_days": 4}
    return [
        Order("naomi", 20, ((serum, 1, 3800),), more={"review": 1, "review_after": 10.0, "promised_days": 5}),
        Order("chrissy", 364, (("NS-102", 9, 5000),)),
        Order("marshall", 205, ((cleanser, 1, 1800),), subscribes=30, pauses=10),
        Order("late_first_timer", 8, (("RM-121", 1, 2800),), more=late),
        *(Order("vip_two_day", 60 * number + 40, ((serum, 3, 4000),)) for number in range(11)),
        Order("vip_two_day", 5, ((serum, 3, 4000),), more=quick),
        Order("less_sugar", 200, ((tea, 1, 2400),)),
        Order("less_sugar", 120, ((tea, 2, 2400),)),
        Order("less_sugar", 45, (("MBTK-022", 1, 2400),), more={"review": 2, "review_after": 9.0}),
        Order("one_of_three", 300, ((cleanser, 1, 1800),), subscribes=30),
        Order("one_of_three", 280, (("MA-041", 1, 1450),), subscribes=30),
        Order("one_of_three", 260, (("VS-171", 1, 1500),), subscribes=30, ends=40),
        *(
            Order(twin, 150 - 40 * number, (("VL-131", 1, 1600),))
            for twin in ("twin_a", "twin_b")
            for number in range(3)
        ),
        Order("inbox_a", 170, (("CBW-201", 2, 1200),)),
        Order("inbox_a", 80, (("CBW-201", 2, 1200),)),
        Order("inbox_b", 140, (("PSB-211", 3, 700),)),
        Order("inbox_b", 50, (("PSB-211", 3, 700),)),
        Order("number_before", 500, (("PSB-211", 2, 700),), lives.TILL, shows=3),
        Order("number_before", 420, (("PSB-211", 2, 700),), lives.TILL, shows=3),
        Order("number_after", 200, (("AC-231", 1, 2900),), lives.TILL, shows=3),
        Order("number_after", 90, (("AC-231", 1, 2900),), lives.TILL, shows=3),
        *(
            Order(stranger, 100 + 7 * number, (("HC-221", 1, 950),), lives.TILL, shows=5)
            for number, stranger in enumerate(("counter_a", "counter_b", "counter_c"))
        ),
        Order("unlock_100", 60, (("HC-221", 1, 5000),)),
        Order("unlock_100", 5, (("HC-221", 1, 1000),), redeems=1.0),
        Order("unlock_101", 60, (("HC-221", 1, 5100),)),
        Order("unlock_101", 5, (("HC-221", 1, 1000),), redeems=1.0),
        *(Order("two_hundred", days, (("NS-101", 4, 5000),)) for days in (1080, 715, 350)),
    ]


def cast(settings: Settings, found: Columns) -> None:
    """Give the first people of the first block to the scenes: New Yorkers without ordinary lives and without traps."""
    rows = np.arange(COUNT)
    member = [_PERSON[name] for name in ("chrissy", "vip_two_day", "unlock_100", "unlock_101")]
    told = seconds(settings.scene_day) - settings.begins
    orders = _orders()
    first = {name: max(order.days for order in orders if order.person == name) for name in NAMES}
    overrides = {
        "home_id": rows, "is_household": False, "city": 0, "shop_id": 0, "zone": int(catalogue.CITY_ZONE[0]),
        "arrived": np.array([told - (first[name] + 1) * DAY for name in NAMES]), "domain": 2, "email_owner": rows,
        "has_second_email": False, "has_phone": True, "phone_owner": rows, "phone_until": np.inf, "is_prospect": False,
        "is_merged": False, "never_account": False, "is_staff": False, "is_wholesale": False, "is_marketplace": False,
        "store_share": 0.0, "is_subscriber": False, "is_member": False, "joins_late": False, "is_erased": False,
        "first": np.inf, "scene": rows, "wants_email": True, "rate": 0.0, "dropout": 0.0,
    }  # fmt: skip
    for column, value in overrides.items():
        found[column][:COUNT] = value
    found.is_member[member] = True
    for older, younger in (("twin_a", "twin_b"), ("inbox_a", "inbox_b")):
        pair = [_PERSON[older], _PERSON[younger]]
        found.home_id[pair] = pair[0]
        found.is_household[pair] = True
    found.born[_PERSON["twin_b"]] = found.born[_PERSON["twin_a"]]
    found.phone_owner[_PERSON["twin_b"]] = _PERSON["twin_a"]
    found.email_owner[_PERSON["inbox_b"]] = _PERSON["inbox_a"]
    found.never_account[[_PERSON[name] for name in ("inbox_b", "number_before", "number_after")]] = True
    found.never_account[[_PERSON[name] for name in ("counter_a", "counter_b", "counter_c")]] = True
    found.phone_owner[_PERSON["number_after"]] = _PERSON["number_before"]
    found.phone_until[_PERSON["number_before"]] = told - 400 * DAY


def purchases(settings: Settings, draws, calendar, who: Columns, placed: Columns) -> Columns:
    """The ordinary purchases, and in the first block the written ones."""
    unscripted(placed)
    if not len(who.person_id) or who.person_id[0] != 0:
        return placed
    orders = sorted(_orders(), key=lambda order: (_PERSON[order.person], -order.days))
    row = np.array([_PERSON[order.person] for order in orders])
    told = seconds(settings.scene_day) - settings.begins
    at = np.array([told - order.days * DAY + 15 * 3600 for order in orders], dtype=float)
    slot = np.array([sum(row[:place] == row[place]) for place in range(len(row))])
    key = who.person_id[row] * lives.SLOTS + slot
    channel = np.array([order.channel for order in orders])
    fate = lives.fates(settings, draws, calendar, who.take(row), key, at, channel, slot)
    plain = {
        "service": lives.STANDARD, "promised_days": 5, "late_days": 0, "trouble": lives.FINE, "parcels": 1,
        "plan": lives.KEEPS, "review": 0, "review_after": 5.0, "topic": 0, "is_bad_reply": False, "csat": 0,
        "ship_hours": 20.0,
    }  # fmt: skip
    for column, value in plain.items():
        fate[column] = np.array([order.more.get(column, value) for order in orders])
    written = Columns(fate | {"row": row, "slot": slot, "at": at, "channel": channel})
    unscripted(written)
    written.scripted = np.full(len(orders), True)
    written.script_lines = np.array([len(order.goods) for order in orders])
    written.script_interval = np.array([order.subscribes for order in orders])
    written.script_redeems = np.array([order.redeems for order in orders])
    written.till_shows = np.array([order.shows for order in orders])
    for column, days in (("script_pauses", "pauses"), ("script_ends", "ends")):
        written[column] = np.array(
            [np.inf if getattr(order, days) is None else told - getattr(order, days) * DAY for order in orders]
        )
    happens = at >= 0
    return Columns.stack([placed, Columns({name: written[name][happens] for name in placed})])


def unscripted(placed: Columns) -> None:
    """The columns of a script, for orders without one."""
    count = placed.size()
    placed.scripted = np.full(count, False)
    placed.script_lines = np.zeros(count, dtype=np.int64)
    placed.script_interval = np.zeros(count, dtype=np.int64)
    placed.script_redeems = np.zeros(count)
    placed.script_pauses = np.full(count, np.inf)
    placed.script_ends = np.full(count, np.inf)
    placed.till_shows = np.full(count, -1)


def lines(placed: Columns, goods: Columns) -> None:
    """Put the written goods into the written orders."""
    if not placed.scripted.any():
        return
    skus = {sku: number for number, sku in enumerate(catalogue.variants().sku)}
    written = {}
    for order in sorted(_orders(), key=lambda order: (_PERSON[order.person], -order.days)):
        written.setdefault(_PERSON[order.person], []).append(order.goods)
    for line in np.flatnonzero(placed.scripted[goods.order]):
        order = goods.order[line]
        sku, quantity, cents = written[int(placed.key[order] // lives.SLOTS)][int(placed.slot[order])][
            goods.line_no[line]
        ]
        goods.variant[line], goods.quantity[line], goods.unit[line] = skus[sku], quantity, cents


def names(found: Columns, ordinary: pa.Array, which: str) -> pa.Array:
    """The written names of the named people before everybody else's."""
    if found.person_id[0] >= BLOCK:
        return ordinary
    written = pa.array(_GIVEN if which == "given" else _FAMILY)
    return pa.concat_arrays([written, ordinary.slice(COUNT)])


def addresses(found: Columns, main: pa.Array, second: pa.Array) -> tuple[pa.Array, pa.Array]:
    """E-mails that say who the named people are."""
    if found.person_id[0] >= BLOCK:
        return main, second
    written = [f"{name}@example.com" for name in NAMES]
    written[_PERSON["inbox_b"]] = written[_PERSON["inbox_a"]]
    return pa.concat_arrays([pa.array(written), main.slice(COUNT)]), second
