"""
A small shop with a till and a web shop: half a year, one of everything that a rule looks at, and canaries for people.

Whatever is personal (e-mail, phone, name, address, free text) says canary or has the canaries' number, so that a test
can look for it where it must not be. The other systems are those of a simulated shop, whose people are other ones.
The tests share one warehouse of it: see the fixture `small`.
"""

import json
from datetime import date, timedelta

from conftest import Raw, sale
from shopify import Shop, adjustment, goods, line, write_rows, write_shops

from simulator import shop as simulated
from simulator.settings import Settings
from simulator.systems import SYSTEMS

FIRST_DAY, DAYS = date(2023, 10, 2), 182
PEOPLE = 45
CANARIES = r"canary|30 ?7770-?\d{3}"  # not the time of day in a log
ADDRESSES = r"\w@\w"
SALT = "canary-salt"
ADDRESS = json.dumps({"name": "Canary Lee", "address1": "1 Canary Street", "country_code": "DE"})


def email(person: int) -> str:
    return f"person{person}@canary.example"


def phone(person: int) -> str:
    return f"+49307770{person:03}"


def write(raw: Raw) -> Raw:
    """Two sales a day, one at the till and one on the web, each loaded in the following night."""
    write_shops(raw, web_shop())
    sales, lines = till()
    write_rows(raw, {"sales": sales, "sale_lines": lines}, system="pos")
    write_other_systems(raw)
    return raw


def write_other_systems(raw: Raw) -> None:
    last_day = FIRST_DAY + timedelta(days=DAYS - 1)
    folder = raw.folder.with_name("simulated")
    simulated.simulate(
        Settings(
            customers=600, out=folder, as_of=last_day, scene_day=last_day,
            loader_since=FIRST_DAY - timedelta(days=180), workers=1,
        )
    )  # fmt: skip
    for system in set(SYSTEMS) - {"shopify", "pos"}:
        (folder / system).rename(raw.folder / system)


def web_shop() -> Shop:
    shop = Shop(loaded_at=f"{FIRST_DAY}T04:00:00Z")
    shop.settings("Europe/Berlin")
    shop.add("locations", {"name": "Canary Wharf", "country_code": "DE", "active": True})
    shop.add("discount_codes", {"code": "SPRING", "discount_type": "percentage", "status": "ACTIVE"})
    for number in range(5):
        shop.product(7001 + number, f"Product {number}")
        shop.variant(8001 + number, 7001 + number)
    people = {"default_address": ADDRESS, "first_name": "Canaryann", "last_name": "Canarylee"}
    accounts = [shop.customer(email(person), phone=phone(person), **people) for person in range(PEOPLE)]
    for number in range(DAYS):
        day = FIRST_DAY + timedelta(days=number)
        at, shop.loaded_at = f"{day}T10:00:00Z", f"{day + timedelta(days=1)}T04:00:00Z"
        person = number * 7 % PEOPLE
        what = line(1 + number % 5, 20 + number % 9, properties=[{"name": "Engraving", "value": "For Canary"}])
        more = {
            "email": email(person),
            "phone": phone(person),
            "note": "please ring at Canary's",
            "shipping_address": ADDRESS,
            "billing_address": ADDRESS,
        }
        order = shop.order(what, at=at, customer=None if number % 11 == 0 else accounts[person], shipping=4, **more)
        shop.transaction(order, "sale", 24 + number % 9, at=at)
        shop.fulfillment(order, at=f"{day}T15:00:00Z")
        if number % 20 == 5:
            piece = goods(what["id"], what["price"])
            shop.refund(order, piece, paid=what["price"], at=f"{day}T18:00:00Z", note="Canary sent it back")
        if number % 20 == 6:
            shop.refund(order, adjustment(-5), paid=5, at=f"{day}T18:00:00Z")
        if number % 20 == 7:
            shop.refund(order, goods(what["id"], what["price"]), at=f"{day}T18:00:00Z")
        if number % 30 == 8:
            shop.order(what, at=at, customer=accounts[person], id=order, updated_at=f"{day}T11:00:00Z", **more)
        if number % 30 == 9:
            shop.order(what, at=at, customer=accounts[person], cancelled_at=f"{day}T11:00:00Z", **more)
        if number % 30 == 10:
            shop.tombstone(shop.order(what, at=at, customer=accounts[person], **more), f"{day}T12:00:00Z")
        if number % 60 == 12:
            shop.order(line(1, 5) | {"price": "five"}, at=at, customer=accounts[person], **more)
        if number % 10 == 3:
            checkout = {"created_at": at, "updated_at": at, "completed_at": None, "total_price": 30.0}
            shop.add("abandoned_checkouts", checkout | {"email": email(person), "phone": phone(person)})
    shop.refund(999_999, goods(1, 5), paid=5, at=f"{FIRST_DAY}T10:00:00Z")
    return shop


def till() -> tuple[list[dict], list[dict]]:
    pairs = []

    def sell(number: int, amount: float, customer: str | None, sold_at: str | None = None, **more) -> None:
        day = FIRST_DAY + timedelta(days=number % 1000)
        known = {} if customer is None else {"customer_email": email(int(customer)), "customer_phone": "030 7770-123"}
        loaded = {"store_timezone": "Europe/Berlin", "_loaded_at": f"{day + timedelta(days=1)} 02:00:00"}
        loyalty_id = None if customer is None else phone(int(customer)) if int(customer) % 2 else f"L{customer}"
        head, item = sale(number, sold_at or f"{day} 17:00:00", amount, loyalty_id, **known, **loaded, **more)
        pairs.append((head, item | {"description": "Article", "_loaded_at": loaded["_loaded_at"]}))

    for number in range(DAYS):
        person = str(number * 11 % PEOPLE)
        sell(number, 15 + number % 7, None if number % 4 == 0 else person)
        if number % 20 == 5:
            sell(1000 + number, -(15 + number % 7), person, original_sale_id=str(number))
        if number % 20 == 6:
            sell(2000 + number, -9, person)
        if number % 60 == 7:
            sell(3000 + number, 12, person, sold_at="yesterday")
    heads, items = zip(*pairs, strict=True)
    repeated = heads[3] | {"_loaded_at": f"{FIRST_DAY + timedelta(days=9)} 02:00:00"}
    refused = items[4] | {"line_no": "2", "quantity": "a few"}
    return [*heads, repeated], [*items, refused]
