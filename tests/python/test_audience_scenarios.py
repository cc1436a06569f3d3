"""People and what they may be sent, from the raw rows of the systems to the exports, each beside a rule's border.

A shop in Berlin on 14 May 2024, which ends at 22:00 UTC and is loaded in the morning after. A person is described with
the audiences that he or she is to be in (`gets`) and what becomes of others (by name; None: does not even qualify).
Nobody is in a control group unless it says so: a build finds the arms of all but the crowd in state.audience_arms.
"""

import json
import shutil
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest
from audiences_reference import bucket_of, hashed
from audiences_worlds import seed
from conftest import Raw, Warehouse, build, run_dbt, sale, write_sales
from messaging import Braze, Klaviyo, Tool, marketing
from service import AfterShip, Gorgias, Recharge, Reviews
from shopify import Shop, line, write_shops
from test_loyalty_evidence import booking

TODAY, LOADED = date(2024, 5, 14), "2024-05-15T04:00:00Z"
CUT = datetime(2024, 5, 14, 22)
BERLIN = ZoneInfo("Europe/Berlin")
SALT = "scenarios"
SETTINGS = {"audiences_live": True, "talon_one_profile_id": "shopify_customer_id"}

SHOP, BRAZE, KLAVIYO, REVIEWS = Shop(loaded_at=LOADED), Braze(), Klaviyo(), Reviews()
RECHARGE, AFTERSHIP, GORGIAS = Recharge(), AfterShip(), Gorgias()
TALON, PRIVACY = Tool("talon_one"), Tool("privacy", loaded_column="_loaded_at", types={"_loaded_at": "varchar"})
TOOLS = (BRAZE, KLAVIYO, REVIEWS, RECHARGE, AFTERSHIP, GORGIAS, TALON, PRIVACY)
TILL: list[tuple[dict, dict]] = []
for tool in TOOLS:
    tool.loaded_at = LOADED

PRODUCTS = ("Milk Tea", "Candle", "Serum", "Shampoo", "Balm", "Soap", "Tea", "Mask", "Oil", "Cream")
OTHERS = count(1000)  # articles that nobody buys twice
SHOP.settings("Europe/Berlin")
for number, title in enumerate(PRODUCTS, start=1):
    SHOP.product(7000 + number, title, vendor=None)
    SHOP.variant(8000 + number, 7000 + number, sku=f"SKU-{number}")


@dataclass
class Person:
    name: str
    account: int
    email: str
    phone: str
    gets: set[str] | None
    decided: dict[str, str | None]

    @cached_property
    def customer_id(self) -> str:
        return hashed(SALT, f"shopify:customer:demo:{self.account}")[:32]


PEOPLE: dict[str, Person] = {}


def person(
    name: str,
    gets: str | None = "",
    mail: bool = True,
    texts: bool = False,
    email: str | None = None,
    account: dict | None = None,
    **decided: str | None,
) -> Person:
    """An account, with a consent to e-mail at Klaviyo and one to text messages at Braze if told so."""
    email, phone = email or f"{name}@example.com", f"+49151234{len(PEOPLE):05}"
    told = {"first_name": name.title(), "phone": phone if texts else None, "at": "2022-01-02T10:00:00Z"}
    number = SHOP.customer(email, **(told | (account or {})))
    if mail:
        consent = {"email": marketing("SUBSCRIBED", "2024-01-01T10:00:00")}
        KLAVIYO.profile(name, email=email, external_id=str(number), subscriptions=consent)
    if texts:
        known = {"external_user_id": str(number), "phone_number": phone}
        BRAZE.state(name, "2024-01-01T10:00:00", "Subscribed", channel="sms", group="marketing-sms", **known)
    who = Person(name, number, email, phone, None if gets is None else set(gets.split()), decided)
    PEOPLE[name] = who
    return who


def day(days: int) -> date:
    return TODAY - timedelta(days=days)


def ago(days: int, clock: time = time(10)) -> str:
    """The instant of a wall clock in Berlin so many days ago, in UTC."""
    return datetime.combine(day(days), clock, BERLIN).astimezone(UTC).replace(tzinfo=None).isoformat()


def around_cut(seconds: int) -> str:
    return (CUT + timedelta(seconds=seconds)).isoformat()


def order(who: Person, days: int, *products: str, price: float = 40, **more) -> int:
    """An order of products by name, else of an article that nobody else buys; `more` are columns, or those of lines."""
    of_lines = {key: more.pop(key) for key in ("properties",) if key in more}
    numbers = [PRODUCTS.index(title) + 1 for title in products] or [next(OTHERS)]
    titles = products or [f"Article {numbers[0]}"]
    lines = [line(n, price, title=t, vendor=None, **of_lines) for n, t in zip(numbers, titles, strict=True)]
    known = {"customer": json.dumps({"id": who.account, "email": who.email}), "email": who.email}
    return SHOP.order(*lines, at=f"{ago(days)}Z", **(known | more))


def orders(who: Person, *days: int, product: str | None = None) -> None:
    for each in days:
        order(who, each, *([product] if product else []))


def once(name: str, gets: str = "one_and_done", **more) -> Person:
    """Somebody who bought once, 31 days ago, and is to be asked back."""
    who = person(name, gets, **more)
    order(who, 31)
    return who


# Visitors who bought nothing, so that no audience is a large share of everybody.

for number in range(1000):
    SHOP.customer(f"visitor{number}@example.com")

# Identical people, due for two audiences at once: chance has put some of them into a control group.

CROWD = [person(f"crowd_{number}", gets=None) for number in range(24)]
CAMPAIGNS = {"universal:2024": 200, "due_for_reorder": 1000, "two_time": 1000}
for who in CROWD:
    orders(who, 61, 31, product="Cream")


def test_who_is_kept_out_of_the_audience_that_would_win_gets_the_next_one(today):
    """By hashed arms; who is in the universal group gets neither."""
    found = []
    for who in CROWD:
        controls = {
            campaign for campaign, share in CAMPAIGNS.items() if bucket_of(SALT, campaign, who.customer_id) < share
        }
        assert {campaign for campaign in CAMPAIGNS if today.arms[campaign, who.customer_id] == "control"} == controls
        found.append(controls)
        if "universal:2024" in controls:
            wanted = {"due_for_reorder": "universal_control", "two_time": "universal_control"}
        else:
            wanted = {
                name: "campaign_control" if name in controls else "exported" for name in ("due_for_reorder", "two_time")
            }
            if not controls:
                wanted["two_time"] = "lost_arbitration"
                assert today.decisions[who.name]["two_time"]["winner_audience"] == "due_for_reorder"
        assert {name: today.outcome(who.name, name) for name in wanted} == wanted
    assert {"due_for_reorder"} in found
    assert found.count(set()) > 12


UNIVERSAL = once("universal", "", one_and_done="universal_control")

# When nothing stands against it.

once("quinn")
order(person("thirty_days", "one_and_done"), 30)
order(person("twenty_nine_days", one_and_done=None), 29)

# Naomi's first order, and what she thought of it. Three stars are no bad review.

NAOMI = person("naomi", "service_recovery", one_and_done="experience_hold")
FAIR = person("fair", "one_and_done", service_recovery=None)
for who, stars in ((NAOMI, 2), (FAIR, 3)):
    bought = order(who, 31, "Serum")
    REVIEWS.request(who.email, bought, 7003, ago(2), ago(1))
    REVIEWS.review(who.account, who.email, stars, ago(1), 7003)


def test_naomi_is_asked_what_went_wrong(today):
    (task,) = [row for row in today.rows("export_helpdesk_tasks") if row["customer_id"] == NAOMI.customer_id]
    assert (task["audience"], task["email"], task["priority"]) == ("service_recovery", NAOMI.email, 2)
    detail = today.detail("naomi", "service_recovery")
    assert (detail["kind"], detail["was_first_order"], detail["opened_on"]) == ("low_review", True, str(day(1)))


# A hold ends seven days after the helpdesk answered, or after sixty days without an answer.

for name, answered in (("answered_6", 6), ("answered_7", 7)):
    who = once(name, "one_and_done" if answered == 7 else "", service_recovery=None)
    REVIEWS.review(who.account, who.email, 1, ago(answered + 2), 7003)
    GORGIAS.ticket(who.account, who.email, ago(answered), closed_at=ago(answered, time(12)))
    GORGIAS.message(who.account, ago(answered))
    GORGIAS.message(who.account, ago(answered, time(11)), from_agent=True)
PEOPLE["answered_6"].decided["one_and_done"] = "experience_hold"
TIMED_OUT = person("unanswered_60", "two_time", service_recovery="too_old")
UNANSWERED = person("unanswered_59", two_time="experience_hold", service_recovery="too_old")
for who, days in ((TIMED_OUT, 60), (UNANSWERED, 59)):
    orders(who, 75, 35)
    REVIEWS.review(who.account, who.email, 1, ago(days), 7003)

# Chrissy's points, who agreed to nothing: a notice is due so many days before they expire, and not a day earlier.


def points(who: Person, days: int, amount: int, name: str = "Welcome", **more) -> None:
    made = booking(str(who.account), ago(days).replace("T", " "), amount, name, **more)
    TALON.add("loyalty_transactions", **(made | {"_airbyte_extracted_at": TALON.loaded_at}))


def member(name: str, lapses_in: int, gets: str = "", **more) -> Person:
    who = person(name, gets, **({"mail": False} | more))
    points(who, 200, 500, expirydate=f"{day(-lapses_in)}T04:00:00Z")
    return who


CHRISSY = member("chrissy", 15, "loyalty_expiring_15d", loyalty_expiring_30d="too_old")
member("chrissy_16", 16, loyalty_expiring_15d=None)
member("chrissy_14", 14, "loyalty_expiring_15d")
for lead in (30, 7, 1):
    member(f"points_{lead}", lead, f"loyalty_expiring_{lead}d")
    member(f"points_{lead + 1}", lead + 1, **{f"loyalty_expiring_{lead}d": None})
member("chrissy_told", 15, mail=True, loyalty_expiring_15d=None)
KLAVIYO.metric("M1", "Received Email")
KLAVIYO.metric("M5", "Unsubscribed")
KLAVIYO.event("chrissy_told", "M1", ago(1), **{"$message": "m", "Campaign Name": "Your points expire in two weeks"})


def test_chrissy_is_told_to_the_point_and_to_the_day(today):
    notice = today.decisions["chrissy"]["loyalty_expiring_15d"]
    detail = today.detail("chrissy", "loyalty_expiring_15d")
    assert (detail["points"], detail["expires_on"]) == (500, str(day(-15)))
    assert (notice["channel"], notice["counts_as"], notice["offer"]) == ("email", "service", None)


# Marshall subscribes and pauses. A subscription that has ended stops nothing, a product that lasts until tomorrow is
# not due.


def subscribe(who: Person, **products: str | None) -> list[str]:
    """Subscriptions that began 90 days ago: products with their ends."""
    customer = RECHARGE.customer(who.account, who.email)
    return [
        RECHARGE.subscription(customer, 8001 + PRODUCTS.index(product), ago(90), ended)
        for product, ended in products.items()
    ]


MARSHALL = person("marshall", "two_time", due_for_reorder="already_subscribed")
MARSHA = person("marsha", "due_for_reorder", two_time="lost_arbitration")
for who in (MARSHALL, MARSHA):
    orders(who, 60, 30, product="Shampoo")
    (subscription,) = subscribe(who, Shampoo=None if who is MARSHALL else ago(20))
    if who is MARSHALL:
        RECHARGE.event(subscription, "paused", ago(20))
orders(person("due_tomorrow", due_for_reorder=None), 59, 29, product="Shampoo")

# Subscribes to tea alone, having given up balm, and buys all three. Who is due for several is reminded of one that is
# not subscribed to, also where that is not the first.

for product in ("Balm", "Soap", "Tea"):
    stopped = product == "Tea"
    who = person(f"drinks_tea_and_needs_{product.lower()}", "two_time" if stopped else "due_for_reorder")
    who.decided["due_for_reorder"] = "already_subscribed" if stopped else "exported"
    orders(who, 60, 30, product=product)
    subscribe(who, Tea=None, Balm=ago(20))
THREE = person("needs_all_three", "due_for_reorder", two_time="lost_arbitration")
for days in (60, 30):
    order(THREE, days, "Balm", "Soap", "Tea")
subscribe(THREE, Balm=None)


def test_of_three_families_one_is_stopped(today):
    assert today.detail("needs_all_three", "due_for_reorder")["product_family"] == "Soap"
    stopped = {
        (row["product_family"], row["reason"])
        for row in today.rows("export_suppressions")
        if (row["customer_id"], row["channel"], row["destination"]) == (THREE.customer_id, "email", "klaviyo")
    }
    assert stopped == {("Balm", "already_subscribed")}


# The first parcel is late. Nobody apologises for one that is promised for today, nor with a coupon to who wants none.


def parcel(who: Person, bought: int, promised: int, *scans: tuple[str, str], service: str = "Standard") -> None:
    underway = (f"{day(promised + 1)}T08:00:00", "InTransit")
    more = {"order_id": str(bought), "shipment_type": service, "updated_at": f"{ago(0)}Z", "created_at": f"{ago(5)}Z"}
    AFTERSHIP.tracking(f"P-{who.name}", who.email, str(day(promised)), underway, *scans, **more)


def waits(name: str, gets: str = "", promised: int = 1, price: float = 40, service: str = "Standard", **more) -> Person:
    who = person(name, gets, **more)
    parcel(who, order(who, 5, price=price), promised, service=service)
    return who


APOLOGY = "delayed_shipment_apology"
LATE = waits("late", APOLOGY, just_ordered_invite="experience_hold")
waits("late_tomorrow", "just_ordered_invite", promised=0, delayed_shipment_apology=None)
waits("late_no_offers", APOLOGY, mail=False)
AGAIN = person("late_again", APOLOGY)
order(AGAIN, 90)
parcel(AGAIN, order(AGAIN, 5), 1)
for name, gets, arrived, reason in (
    ("arrived_today", "", 0, "experience_hold"),
    ("arrived_yesterday", "just_ordered_invite", 1, "exported"),
):
    who = person(name, gets, delayed_shipment_apology=None, just_ordered_invite=reason)
    parcel(who, order(who, 5), 3, (f"{day(arrived)}T09:00:00", "Delivered"))


def test_a_late_first_parcel_is_apologised_for_before_anybody_complains(today):
    told = {
        name: (row["offer"], row["counts_as"], row["channel"], today.detail(name, APOLOGY)["is_first_order"])
        for name in ("late", "late_no_offers", "late_again")
        for row in [today.decisions[name][APOLOGY]]
    }
    assert told == {
        "late": ("late_parcel_apology", "promotional", "email", True),
        "late_no_offers": (None, "transactional", "email", True),
        "late_again": ("late_parcel_apology", "promotional", "email", False),
    }
    asked = {customer for (customer,) in today.warehouse.sql("select customer_id from marts.tickets")}
    assert asked and LATE.customer_id not in asked


# A VIP who paid for speed. 400 a year make one, a cent less does not.

VIP = waits("vip", f"{APOLOGY} vip_expedited_late", price=400, service="Express", early_access="experience_hold")
waits("vip_but_for_a_cent", APOLOGY, price=399.99, service="Express", vip_expedited_late=None)
waits("vip_without_haste", APOLOGY, price=400, vip_expedited_late=None)
waits("vip_late_tomorrow", "just_ordered_invite", 0, 400, "Express", vip_expedited_late=None)


def test_the_helpdesk_calls_the_vip(today):
    (task,) = [row for row in today.rows("export_helpdesk_tasks") if row["audience"] == "vip_expedited_late"]
    assert (task["customer_id"], task["priority"]) == (VIP.customer_id, 1)
    assert today.detail("vip", "vip_expedited_late")["promised_on"] == str(day(1))


# More than 100 points open a reward, on another order of 10.00 or more.

for held in (100, 101):
    who = person(f"points_held_{held}", "stranded_points" if held == 100 else "")
    who.decided["stranded_points"] = "exported" if held == 100 else None
    points(who, 10, held)
REDEEMS = {
    "redeems": (101, 10, False),
    "redeems_with_100": (100, 10, True),
    "redeems_below_10": (101, 9.99, True),
    "redeems_what_it_earned": (50, 10, True),
}
for name, (held, subtotal, _) in REDEEMS.items():
    who = person(name, gets=None, mail=False)
    points(who, 20, held)
    spent_on = {"customersessionid": str(order(who, 3, price=subtotal))}
    if held == 50:
        points(who, 3, 100, "Points for an order", **spent_on)
    points(who, 2, -100, "Reward", **spent_on)


def test_points_open_rewards_above_the_border_only(today):
    found = dict(today.warehouse.sql("select member_id, broke_unlock_rule from marts.loyalty_redemptions"))
    wanted = {str(PEOPLE[name].account): broke for name, (_, _, broke) in REDEEMS.items()}
    assert found == wanted


# Who has left is won back from the 180th day on, for 30 days, unless a till says that nobody has left.

for name, days, outcome in (
    ("left_179_days_ago", 179, None),
    ("left_180_days_ago", 180, "exported"),
    ("left_208_days_ago", 208, "exported"),
    ("left_209_days_ago", 209, "too_old"),
    ("left_but_for_the_till", 190, None),
    ("left_until_midnight", 190, "exported"),
):
    who = person(name, "lapsed_winback" if outcome == "exported" else "", lapsed_winback=outcome)
    orders(who, *(days + 40 * step for step in range(4)))
for name, sold_at in (
    ("left_but_for_the_till", datetime.combine(TODAY, time(23, 59, 59))),
    ("left_until_midnight", datetime.combine(day(-1), time())),
):
    known = {"customer_email": PEOPLE[name].email, "store_timezone": "Europe/Berlin"}
    TILL.append(sale(len(TILL), str(sold_at), 20, name, _loaded_at=LOADED[:10], **known))

# Less sugar. Who writes that even that is too sweet is left out, for the product's owner to hear.

for name, gets, sugar, decided in (
    ("less_sweet", "less_sugar", "less sugar", "exported"),
    ("full_sugar", "", "full sugar", None),
    ("too_sweet", "service_recovery", "less sugar", None),
    ("not_too_sweet", "less_sugar", "less sugar", "exported"),
    ("too_sweet_a_candle", "less_sugar", "less sugar", "exported"),
):
    who = person(name, gets, less_sugar=decided)
    for days in (100, 70, 10):
        order(who, days, "Milk Tea", properties=[{"name": "Sugar", "value": sugar}])
for name, stars, product, words in (
    ("too_sweet", 2, 7001, "Even with less sugar it is too sweet."),
    ("not_too_sweet", 3, 7001, "Not too sweet, but pale."),
    ("too_sweet_a_candle", 3, 7002, "It smells too sweet."),
):
    REVIEWS.review(PEOPLE[name].account, PEOPLE[name].email, stars, ago(1), product, words)


def test_the_owner_of_the_tea_hears_of_it(today):
    feedback = {row["product_id"]: row for row in today.warehouse.rows("from marts.product_feedback")}
    tea, candle = feedback["7001"], feedback["7002"]
    assert (tea["units_sold"], tea["rating_count"], tea["bad_rating_share"]) == (15, 2, 0.5)
    assert (candle["rating_count"], candle["bad_rating_share"]) == (1, 0)


# Nobody is told of what was bought thirteen days ago; of what was bought fourteen days ago one may be.

orders(person("bought_14_days_ago", "due_for_reorder"), 28, 14, product="Mask")
orders(person("bought_13_days_ago", due_for_reorder="just_bought"), 26, 13, product="Mask")

# A refusal counts up to the last second before the cut, by mail and by text message.

for name, seconds in (("refused_an_hour_before", -3600), ("refused_before", -1), ("refused_after", 0)):
    decided = "exported" if seconds == 0 else "no_consent"
    once(name, "one_and_done" if seconds == 0 else "", one_and_done=decided)
    KLAVIYO.event(name, "M5", around_cut(seconds))
for name, seconds in (("stopped_before", -1), ("stopped_after", 0)):
    decided = "exported" if seconds == 0 else "no_consent"
    who = once(name, "one_and_done" if seconds == 0 else "", mail=False, texts=True, one_and_done=decided)
    told = {"user_phone_number": who.phone, "message_body": "Stop", "action": "None"}
    BRAZE.sms("inboundreceive", name, around_cut(seconds), **told)


def test_text_messages_wait_until_their_export_is_read_and_end_at_eight(today):
    message = today.decisions["stopped_after"]["one_and_done"]
    assert message["channel"] == "sms"
    assert (message["send_not_before"], message["expires_at"]) == (CUT + timedelta(hours=12), datetime(2024, 5, 15, 18))


# Twins share an address and nothing else: one agreed to mail, the other to text messages. Of two others one refused
# mail, which holds for the address.


def stated(state: str) -> dict:
    consent = {"state": state, "opt_in_level": "single_opt_in", "consent_updated_at": "2024-02-01T10:00:00Z"}
    return {"email_marketing_consent": json.dumps(consent)}


ADA = once("ada", mail=False, email="twins@example.com", account=stated("subscribed"))
IDA = once("ida", mail=False, email="twins@example.com", texts=True)
once("una", "", mail=False, email="others@example.com", account=stated("subscribed"), one_and_done="no_consent")
once("eda", "", mail=False, email="others@example.com", account=stated("unsubscribed"), one_and_done="no_consent")


def test_twins_are_two_people_with_a_consent_each(today):
    found = {
        who.name: (today.decisions[who.name]["one_and_done"]["channel"], today.customer(who)["household_id"])
        for who in (ADA, IDA)
    }
    (ada, household), (ida, same_household) = found["ada"], found["ida"]
    assert (ada, ida) == ("email", "sms")
    assert household is not None and household == same_household


# An order typed with another address makes two people one, and the refusal under that address is the one person's.

REFUSED = {"email": marketing("UNSUBSCRIBED", "2024-01-15T10:00:00")}
for name, gets, decided in (("joined", "", "no_consent"), ("apart", "one_and_done", "exported")):
    who, other = person(name, gets, one_and_done=decided), f"{name}.at.work@example.com"
    KLAVIYO.profile(f"{name} at work", email=other, subscriptions=REFUSED)
    order(who, 31, email=other if name == "joined" else who.email)

# Asked to be forgotten.

FORGOTTEN = once("forgotten", "", texts=True, one_and_done="erased")
PRIVACY.add("erasure_requests", request_id="E1", requested_at=f"{ago(3)}Z", email=FORGOTTEN.email)


def test_who_is_forgotten_is_nowhere_but_among_those_to_leave_out(today):
    views = ("export_mirror", "export_klaviyo_lists", "export_profile_attributes", "export_lookalike_seed")
    told = {row["customer_id"] for name in views for row in today.rows(name)}
    assert told and FORGOTTEN.customer_id not in told
    left_out = [row for row in today.rows("export_suppressions") if row["customer_id"] == FORGOTTEN.customer_id]
    assert {row["channel"] for row in left_out} == {"email", "sms", "push"}
    assert {(row["reason"], row["product_family"], row["email"], row["phone"]) for row in left_out} == {
        ("erased", "*", None, None)
    }


# Reminded today, and due again in twenty days: whoever was last reminded twenty days before may be, a day less is not.

RESTED, RESTS = (person(name, "due_for_reorder") for name in ("rested", "rests"))
for who in (RESTED, RESTS):
    orders(who, 28, 14, product="Oil")


def test_who_was_reminded_rests_for_twenty_days(today, later):
    """Of who rests the reminder was a day later, as if a build of that day had exported it."""
    assert {name: today.outcome(name, "due_for_reorder") for name in ("rested", "rests")} == {
        "rested": "exported",
        "rests": "exported",
    }
    assert {name: later.outcome(name, "due_for_reorder") for name in ("rested", "rests")} == {
        "rested": "exported",
        "rests": "cool_down",
    }
    subjects = {found.decisions["rested"]["due_for_reorder"]["subject"] for found in (today, later)}
    assert subjects == {f"Oil of {day(14)}", f"Oil of {day(-4)}"}


# Builds.


@dataclass
class Built:
    """A build as of a day, and the audiences in it."""

    warehouse: Warehouse

    @cached_property
    def decisions(self) -> dict[str, dict[str, dict]]:
        """By person and audience."""
        names = {who.customer_id: name for name, who in PEOPLE.items()}
        found: dict[str, dict[str, dict]] = {name: {} for name in PEOPLE}
        for row in self.rows("audience_decisions"):
            found[names[row["customer_id"]]][row["audience"]] = row
        return found

    def outcome(self, name: str, audience: str) -> str | None:
        row = self.decisions[name].get(audience)
        return row and (row["outcome_reason"] or row["outcome"])

    def detail(self, name: str, audience: str) -> dict:
        return json.loads(self.decisions[name][audience]["reason_detail"])

    def rows(self, name: str) -> list[dict]:
        return self.warehouse.rows(f"from audiences.{name}")

    @cached_property
    def arms(self) -> dict[tuple[str, str], str]:
        """By campaign and customer_id."""
        return {(row["campaign"], row["customer_id"]): row["arm"] for row in self.rows("audience_assignments")}

    def customer(self, who: Person) -> dict:
        (row,) = self.warehouse.rows(f"from marts.customers where customer_id = '{who.customer_id}'")
        return row


def write(raw: Raw) -> Raw:
    write_sales(write_shops(raw, SHOP), TILL)
    for tool in TOOLS:
        tool.write(raw)
    return raw


def remember_arms(database) -> None:
    """What earlier builds would have left: everybody gets everything but who is in the universal control group."""
    campaigns = ["universal:2024", *(row["audience"] for row in seed("audiences") if row["holdout_share"])]
    controls = {(UNIVERSAL.name, "universal:2024")}
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema state")
        connection.execute(
            "create table state.audience_arms (campaign varchar, customer_id varchar, arm varchar, bucket integer,"
            " control_share decimal(9, 6), assigned_at timestamp)"
        )
        connection.executemany(
            "insert into state.audience_arms values (?, ?, ?, 0, 0, '2024-01-01')",
            [
                (campaign, who.customer_id, "control" if (who.name, campaign) in controls else "treatment")
                for who in PEOPLE.values()
                if who not in CROWD
                for campaign in campaigns
            ],
        )


@pytest.fixture(scope="module")
def today(tmp_path_factory) -> Built:
    """A copy of what was built, since the next day is built in its place."""
    folder = tmp_path_factory.mktemp("scenarios")
    remember_arms(folder / "warehouse.duckdb")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PERENNIAL_SALT", SALT)
        warehouse = build(write(Raw(folder / "raw")), folder, SETTINGS)
    (folder / "today").mkdir()
    return Built(replace(warehouse, database=Path(shutil.copy(warehouse.database, folder / "today"))))


@pytest.fixture(scope="module")
def later(today) -> Built:
    """Twenty days later, with the rows of these days."""
    folder = today.warehouse.target.parent
    warehouse = replace(today.warehouse, database=folder / "warehouse.duckdb")
    with duckdb.connect(str(warehouse.database)) as connection:
        connection.execute(
            "update state.audience_log set changed_at = changed_at + interval 1 day"
            " where audience = 'due_for_reorder' and customer_id = ?",
            [RESTS.customer_id],
        )
    SHOP.loaded_at = KLAVIYO.loaded_at = "2024-06-04T04:00:00Z"
    for who in (RESTED, RESTS):
        orders(who, -4, product="Oil")
        KLAVIYO.event(who.name, "M1", ago(-4), **{"$message": "m", "Campaign Name": "Order confirmation"})
    raw = write(Raw(folder / "raw")).folder
    models = ("run", "--select", "+audience_decisions")
    result = run_dbt(*models, raw=raw, folder=folder, variables=SETTINGS, PERENNIAL_SALT=SALT)
    assert result.returncode == 0, result.stdout
    return Built(warehouse)


@pytest.mark.parametrize("name", [name for name, who in PEOPLE.items() if who.gets is not None])
def test_what_somebody_gets(today, name):
    """All of it, and what becomes of the rest that is named."""
    who, found = PEOPLE[name], today.decisions[name]
    assert {audience for audience, row in found.items() if row["outcome"] == "exported"} == who.gets
    assert {audience: today.outcome(name, audience) for audience in who.decided} == who.decided


def test_members_are_who_was_exported(today):
    members = {(row["customer_id"], row["audience"]) for row in today.rows("audience_members")}
    assert members == {
        (PEOPLE[name].customer_id, audience)
        for name, found in today.decisions.items()
        for audience, row in found.items()
        if row["outcome"] == "exported"
    }


# A messaging tool with a newsletter of its own, which knows its profiles and nothing of reviews or subscriptions.


class Newsletter:
    """It goes to every profile that agreed to e-mail, but for whom the warehouse's export says to leave out."""

    def __init__(self, suppressions: list[dict]):
        profiles = [json.loads(row["attributes"]) for row in KLAVIYO.rows["profiles"]]
        self.readers = {
            each["external_id"]
            for each in profiles
            if each["subscriptions"]["email"]["marketing"]["consent"] == "SUBSCRIBED"
        }
        self.left_out = {
            (row["product_family"], row["external_id"])
            for row in suppressions
            if (row["destination"], row["channel"]) == ("klaviyo", "email")
        }

    def recipients(self, *families: str) -> set[str]:
        """By name; families are those that the letter speaks of."""
        left_out = {number for family, number in self.left_out if family in ("*", *families)}
        return {name for name, who in PEOPLE.items() if str(who.account) in self.readers - left_out}


ALL_MAIL, NO_MAIL = {"quinn", "marshall", "marsha", "refused_after"}, {"naomi", "late", "universal", "refused_before"}


def test_a_tool_that_honours_the_export_spares_naomi_and_marshall(today):
    blind, heeding = Newsletter([]), Newsletter(today.rows("export_suppressions"))
    assert blind.recipients("Shampoo") >= ALL_MAIL | NO_MAIL
    assert heeding.recipients() & (ALL_MAIL | NO_MAIL) == ALL_MAIL
    assert heeding.recipients() - heeding.recipients("Shampoo") == {"marshall"}


def test_flows_of_the_tool_know_holds_and_families(today):
    told = {row["external_id"]: row for row in today.rows("export_profile_attributes") if row["destination"] == "braze"}
    naomi, marshall, quinn = (told[str(PEOPLE[name].account)] for name in ("naomi", "marshall", "quinn"))
    assert (naomi["hold_reason"], naomi["hold_until"]) == ("low_review", day(1) + timedelta(days=60))
    assert (marshall["hold_until"], json.loads(marshall["subscribed_product_families"])) == (None, ["Shampoo"])
    assert (quinn["hold_until"], json.loads(quinn["subscribed_product_families"])) == (None, [])
    chrissy = told[str(CHRISSY.account)]
    assert (chrissy["points_available"], chrissy["next_points_expire_on"]) == (Decimal(500), day(-15))
