"""Which of several contacts stands for a person, and who lives with whom: each case worked out by hand beside it.

Most people come as a relation of one's own, whose records can say anything; a loyalty card of their own keeps the
records of one person together. A few come through a shop, a till and Braze. All cases share one build; a second run of
the models reads the same people in another order.
"""

import json
import random
from datetime import datetime, timedelta

import duckdb
import pytest
from conftest import BuildFailed, Raw, Warehouse, run_dbt, sale, write_sales
from messaging import Braze
from shopify import Shop, line, write_shops

START = datetime(2024, 1, 1)
VARIABLES = {
    "systems": ["shopify", "pos", "braze"],
    "as_of": "2025-12-31",
    "reporting_currency": "EUR",
    "reporting_timezone": "UTC",
    "custom_customer_records": "home_made.people",
}
COLUMNS = {
    "source_name": "varchar", "source_record_type": "varchar", "source_record_id": "varchar",
    "recorded_at": "timestamp", "platform_customer_id": "varchar", "loyalty_id": "varchar", "email": "varchar",
    "phone": "varchar", "first_name": "varchar", "last_name": "varchar", "is_email_verified": "boolean",
    "country_code": "varchar",
}  # fmt: skip
RECORDS: list[dict] = []


def told(who: str, day: int | None, kind: str = "order", source: str = "home", name: str = "", **known) -> None:
    """A record of somebody, made on a day; `name` is first and last, between them a comma."""
    first, _, last = name.partition(",")
    RECORDS.append({
        **dict.fromkeys(COLUMNS),
        "source_name": source,
        "source_record_type": kind,
        "source_record_id": f"{who}-{len(RECORDS)}",
        "recorded_at": None if day is None else str(START + timedelta(days=day)),
        "first_name": first or None,
        "last_name": last or None,
        "is_email_verified": False,
        **known,
    })  # fmt: skip


def carded(who: str, *records: tuple[int | None, str, dict]) -> None:
    """Records of one person, (day, kind, what it tells), that one loyalty card holds together."""
    for day, kind, known in records:
        told(who, day, kind, **{"loyalty_id": f"card of {who}"} | known)


def mail(address: str, **more) -> dict:
    return {"email": f"{address}@example.org"} | more


# E-mail: verified first, then of the most recent order, then most recently seen, then the source, then the value.

carded("verified", (1, "customer", mail("told", is_email_verified=True)), (100, "order", mail("typed")))
carded(
    "two verified",
    (1, "customer", mail("ordered", is_email_verified=True)),
    (50, "customer", mail("younger", is_email_verified=True)),
    (20, "order", mail("ordered")),
)
carded(
    "ordered",
    (10, "order", mail("first")),
    (50, "order", mail("second")),
    (90, "profile", mail("third", source="braze")),
    (95, "profile", mail("first", source="braze")),
)
carded("never ordered", (5, "profile", mail("early")), (9, "profile", mail("late")), (None, "profile", mail("undated")))
carded(
    "two sources",
    (5, "profile", mail("a", source="unheard of")),
    (5, "profile", mail("b", source="segment")),
    (5, "profile", mail("c", source="gorgias")),
)
carded("same source", (5, "profile", mail("b")), (5, "profile", mail("a")), (5, "profile", mail("c")))
carded(
    "many sources",
    (10, "order", {"email": " Mixed.Case@Example.org "}),
    (20, "profile", mail("mixed.case", source="yotpo")),
    (30, "profile", mail("mixed.case", source="klaviyo")),
)

# Phone: of the most recent order, then most recently seen. A number is completed with the record's country.

carded(
    "phone",
    (10, "order", {"phone": "030 901820", "country_code": "DE"}),
    (20, "order", {"phone": "(0)30 / 90-19 10", "country_code": "DE"}),
    (30, "profile", {"phone": "+49 30 224000"}),
    (40, "order", {"phone": "none"}),
)
carded("phone only told", (10, "profile", {"phone": "+4930227001"}), (20, "profile", {"phone": "+4930227002"}))

# Country: of the most recent order, then most recently seen.

carded(
    "moved",
    (10, "order", {"country_code": "de"}),
    (20, "order", {"country_code": "FR"}),
    (30, "profile", {"country_code": "IT"}),
)
carded("foreigner", (10, "profile", {"country_code": "US"}))

# Name: on most orders and accounts of the shop, then most recently seen; first and last are of one record.

carded(
    "usual name",
    (10, "order", {"name": "Ann,Lee"}),
    (20, "order", {"name": "Ann,Lee"}),
    (30, "order", {"name": "Annie,Li"}),
    *((40 + day, "profile", {"name": "Anna,Lee"}) for day in range(3)),
)
carded(
    "account",
    (1, "customer", {"name": "Robert,Ek"}),
    (10, "order", {"name": "Robert,Ek"}),
    (20, "order", {"name": "Bob,Ek"}),
)
carded(
    "address book",
    (10, "order", {"name": "Cy,Fox"}),
    *((20 + day, "customer", {"name": "C.,Fox", "source": "gorgias"}) for day in range(2)),
)
carded("new name", (10, "order", {"name": "Di,One"}), (20, "order", {"name": "Di,Two"}))
# Each by itself, Eva and Neu are on three orders of five.
carded(
    "one record",
    *((10 + day, "order", {"name": "Eva,Alt"}) for day in range(2)),
    *((20 + day, "order", {"name": "Evi,Neu"}) for day in range(2)),
    (30, "order", {"name": "Eva,Neu"}),
)
carded("dashes", (10, "order", {"name": "Flo,Ott"}), *((20 + day, "order", {"name": "-,-"}) for day in range(3)))
carded("one word", (10, "order", {"name": "Zoë"}))

# What is kept out of matching is nobody's contact: a role's address, a number that six people give.

carded("counter", (10, "order", mail("own")), (20, "order", {"email": "info@example.org"}))
carded("counter only", (20, "order", {"email": "info@example.org"}))
for number, first in enumerate(("Abe", "Bea", "Cem", "Dov", "Eli", "Fay")):
    carded(f"shared number {number}", (10 + number, "order", {"phone": "+4930228000", "name": first}))

# Households


def lives(who: str, first: str, *days: int, **known) -> None:
    for day in days:
        told(who, day, name=first, **known)


lives("gil", "Gil,Hay", 10, 30, **mail("hay"))
lives("ina", "Ina,Hay", 700, **mail("hay"))
lives("alone", "Gil,Hay", 10, **mail("alone"))
# Three in a row: an address joins two, a number the third.
lives("rut", "Rut,Sol", 10, 20, **mail("sol"))
lives("uwe", "Uwe,Sol", 10, **mail("sol", phone="+4930229001"))
lives("vic", "Vic,Sol", 15, phone="+4930229001")
# Two accounts in one name are perhaps one person who forgot the first, and no household.
for number in range(2):
    lives(f"twice {number}", "Wim,Ost", 10, platform_customer_id=f"home:shop:{number}", **mail("ost"))
# Two cards without a name.
for number in range(2):
    told(f"nameless {number}", 10, loyalty_id=f"nameless {number}", phone="+4930229002")
# A number that was passed on after a silence of 290 days; and one after 145, which is nobody's proof of the opposite.
lives("max", "Max,Kurz", 10, 11, phone="+4930229003")
lives("nan", "Nan,Lang", 301, phone="+4930229003")
lives("oda", "Oda,Kurz", 10, 11, phone="+4930229004")
lives("pit", "Pit,Lang", 156, phone="+4930229004")
# Never silent for 180 days, since somebody with two cards had it in between; who comes 290 days after the first card
# lives with the second at most.
for number, day in enumerate((10, 155)):
    lives(f"two cards {number}", "Rea,Kurz", day, loyalty_id=f"two cards {number}", phone="+4930229005")
lives("quy", "Quy,Lang", 300, phone="+4930229005")
# Nine people are an office. Five cards and four accounts are each too few to quarantine the number.
for number in range(9):
    known = {"loyalty_id": f"office {number}"} if number < 5 else {"platform_customer_id": f"home:shop:1{number}"}
    told(f"office {number}", 10, phone="+4930229006", **known)

# A shop, a till and Braze

SHOP = Shop()
ANN = SHOP.customer(
    " Ann@Example.com ",
    phone="030 232323",
    first_name=" Ann ",
    default_address=json.dumps({"country_code": "DE"}),
    at="2024-01-02T10:00:00Z",
)
SHOP.order(
    line(1, 20),
    customer=ANN,
    email="ann.at.work@example.com",
    at="2024-03-04T10:00:00Z",
    shipping_address=json.dumps({"first_name": "Ann", "last_name": "Lee-Ost", "country_code": "US"}),
)
BRAZE = Braze()
for at, zone in (("2024-03-01", "America/New_York"), ("2024-05-01", "America/Chicago"), ("2024-06-01", "Mars/Base")):
    BRAZE.email("send", "user-1", f"{at}T10:00:00", at, external_user_id=str(ANN), timezone=zone)
TILL = [
    sale(number, f"2024-0{number}-01 10:00:00", 5.0, customer=customer, store_timezone=zone, country_code="US")
    for number, (customer, zone) in enumerate(
        (
            ("traveller", "America/Denver"),
            ("traveller", "America/Denver"),
            ("traveller", "America/Los_Angeles"),
            ("zoneless", None),
        ),
        start=1,
    )
]


class Contacts:
    """The built cases; `people` finds a person of one of them by the name that its records begin with."""

    def __init__(self, folder):
        self.folder = folder
        self.raw = Raw(folder / "raw")
        write_shops(self.raw, SHOP)
        write_sales(self.raw, TILL)
        BRAZE.write(self.raw)
        self.warehouse = Warehouse(folder / "warehouse.duckdb", folder / "target", "")

    def load(self, records: list[dict]) -> None:
        with duckdb.connect(str(self.warehouse.database)) as connection:
            connection.execute("create schema if not exists home_made")
            columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
            connection.execute(f"create or replace table home_made.people ({columns})")
            rows = [[record[name] for name in COLUMNS] for record in records]
            connection.executemany(f"insert into home_made.people values ({', '.join('?' * len(COLUMNS))})", rows)

    def run(self, *command: str) -> None:
        done = run_dbt(*command, raw=self.raw.folder, folder=self.folder, variables=VARIABLES)
        if done.returncode:
            raise BuildFailed(done.stdout + done.stderr)

    def read(self) -> dict[str, list[dict]]:
        return {
            "contacts": self.warehouse.rows("from marts.customer_contacts order by all"),
            "values": self.warehouse.rows("from intermediate.int_customers__attributes order by all"),
            "households": self.warehouse.rows("select customer_id, household_id from marts.customers order by all"),
        }


@pytest.fixture(scope="module")
def contacts(tmp_path_factory) -> Contacts:
    built = Contacts(tmp_path_factory.mktemp("contacts"))
    built.load(RECORDS)
    built.run("build", "-s", "+customer_contacts", "--exclude-resource-type", "test", "unit_test")
    return built


def person(contacts: Contacts, who: str, source: str = "%") -> dict:
    """The row of marts.customer_contacts, with the household."""
    (found,) = contacts.warehouse.rows(
        f"""
        select contacts.*, household_id
        from marts.customer_contacts as contacts
        inner join marts.customers using (customer_id)
        where customer_id in (
            select customer_id from intermediate.int_identity__records
            where source_name like '{source}' and regexp_matches(source_record_id, '^{who}(-[0-9]+)?$')
        )
        """
    )
    return found


def test_every_customer_has_a_row_and_what_is_known_has_a_source(contacts):
    everybody = "select customer_id from marts.{}"
    assert contacts.warehouse.sql(
        f"{everybody.format('customers')} except all {everybody.format('customer_contacts')}"
    ) == []  # fmt: skip
    for value, prefix in (("email", "email"), ("phone_e164", "phone"), ("country_code", "country")):
        halves = (
            f"({value} is null) <> ({prefix}_source is null) or ({value} is null) <> ({prefix}_record_count is null)"
        )
        assert contacts.warehouse.one(f"select count(*) from marts.customer_contacts where {halves}") == 0


def address(contacts: Contacts, who: str) -> tuple:
    found = person(contacts, who)
    day = found["email_seen_at"] and (found["email_seen_at"] - START).days
    return found["email"], found["email_source"], day, found["email_record_count"]


@pytest.mark.parametrize(
    ("who", "email", "source", "day", "count"),
    [
        ("verified", "told@example.org", "home", 1, 1),
        ("two verified", "ordered@example.org", "home", 20, 2),
        ("ordered", "second@example.org", "home", 50, 1),
        ("never ordered", "late@example.org", "home", 9, 1),
        ("two sources", "c@example.org", "gorgias", 5, 1),
        ("same source", "a@example.org", "home", 5, 1),
        ("many sources", "mixed.case@example.org", "klaviyo", 30, 3),
        ("counter", "own@example.org", "home", 10, 1),
        ("counter only", None, None, None, None),
    ],
)
def test_email(contacts, who, email, source, day, count):
    assert address(contacts, who) == (email, source, day, count)


@pytest.mark.parametrize(
    ("who", "phone"),
    [("phone", "+4930901910"), ("phone only told", "+4930227002"), ("shared number 3", None), ("counter", None)],
)
def test_phone(contacts, who, phone):
    assert person(contacts, who)["phone_e164"] == phone


@pytest.mark.parametrize(
    ("who", "first", "last", "count"),
    [
        ("usual name", "Ann", "Lee", 2),
        ("account", "Robert", "Ek", 2),
        ("address book", "Cy", "Fox", 1),
        ("new name", "Di", "Two", 1),
        ("one record", "Evi", "Neu", 2),
        ("dashes", "Flo", "Ott", 1),
        ("one word", "Zoë", None, 1),
        ("phone", None, None, None),
    ],
)
def test_name(contacts, who, first, last, count):
    found = person(contacts, who)
    assert (found["first_name"], found["last_name"], found["name_record_count"]) == (first, last, count)


@pytest.mark.parametrize(
    ("who", "country", "zone", "zone_source"),
    [
        ("moved", "FR", "Europe/Paris", "country_code"),
        ("foreigner", "US", None, None),
        ("counter", None, None, None),
    ],
)
def test_country_and_its_zone(contacts, who, country, zone, zone_source):
    found = person(contacts, who)
    assert (found["country_code"], found["time_zone"], found["time_zone_source"]) == (country, zone, zone_source)


def test_a_customer_of_the_shop(contacts):
    """The account's verified address; the order's name and the account's tie, and the order's is newer; its country."""
    found = person(contacts, f"demo:{ANN}", "shopify")
    assert (
        found
        | {
            "email": "ann@example.com",
            "email_source": "shopify",
            "email_seen_at": datetime(2024, 1, 2, 10),
            "email_record_count": 1,
            "phone_e164": "+4930232323",
            "first_name": "Ann",
            "last_name": "Lee-Ost",
            "name_seen_at": datetime(2024, 3, 4, 10),
            "country_code": "US",
        }
        == found
    )


def test_the_newest_zone_that_a_tool_noted_of_the_person(contacts):
    found = person(contacts, "user", "braze")
    assert (found["time_zone"], found["time_zone_source"]) == ("America/Chicago", "braze")


def test_the_zone_of_most_purchases_where_the_country_has_several(contacts):
    traveller, zoneless = person(contacts, "S1:1", "pos"), person(contacts, "S1:4", "pos")
    assert (traveller["time_zone"], traveller["time_zone_source"]) == ("America/Denver", "pos")
    assert (zoneless["country_code"], zoneless["time_zone"], zoneless["time_zone_source"]) == ("US", None, None)


# Households


def homes(contacts: Contacts, *people: str) -> list[str | None]:
    """The households of people, who are all different."""
    found = [person(contacts, who) for who in people]
    assert len({each["customer_id"] for each in found}) == len(people)
    return [each["household_id"] for each in found]


def test_one_inbox_is_two_people_and_one_household(contacts):
    gil, ina, alone = homes(contacts, "gil", "ina", "alone")
    assert gil is not None
    assert (gil == ina, alone) == (True, None)


def test_a_household_of_three(contacts):
    rut, uwe, vic = homes(contacts, "rut", "uwe", "vic")
    assert rut is not None
    assert rut == uwe == vic
    assert rut not in homes(contacts, "gil")


def test_two_accounts_in_one_name_are_no_household(contacts):
    assert homes(contacts, "twice 0", "twice 1") == [None, None]


def test_unknown_names_on_one_number_are_a_household(contacts):
    one, other = homes(contacts, "nameless 0", "nameless 1")
    assert one is not None
    assert one == other


def test_a_number_that_was_passed_on_is_no_household(contacts):
    assert homes(contacts, "max", "nan") == [None, None]
    oda, pit = homes(contacts, "oda", "pit")
    assert oda is not None
    assert oda == pit
    first, second, quy = homes(contacts, "two cards 0", "two cards 1", "quy")
    assert quy is not None
    assert (first, second) == (None, quy)


def test_people_of_a_quarantined_number_are_no_household(contacts):
    assert set(homes(contacts, *(f"shared number {number}" for number in range(6)))) == {None}


def test_an_office_is_no_household(contacts):
    assert set(homes(contacts, *(f"office {number}" for number in range(9)))) == {None}
    assert person(contacts, "office 7")["phone_e164"] == "+4930229006"


def test_the_order_of_rows_does_not_show(contacts):
    before = contacts.read()
    contacts.load(random.Random(3).sample(RECORDS, len(RECORDS)))
    contacts.run("run", "-s", "int_customer_records__unioned+,+customer_contacts")
    assert contacts.read() == before
