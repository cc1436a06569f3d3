"""
Talon.One, Yotpo Loyalty, Segment and erasure requests: every way in which their raw tables mislead, one test each.

One raw data set, seen from 2024-06-30; a row is written where it is described. The programme is in Berlin, the shop in
New York, so that no two clocks agree by accident. A second build of the same rows says that ids are something else.
"""

import json
from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal

import pytest
from conftest import Raw, Warehouse, build
from shopify import Shop, line, write_shops

LOADED = "2024-07-02 04:00:00"
AS_OF = {"as_of": "2024-06-30", "talon_one_profile_id": "shopify_customer_id"}
SHOP = Shop(url="demo")
SHOP.settings("America/New_York")
ANN, BOB, CY = (SHOP.customer(f"{name}@example.com") for name in ("ann", "bob", "cy"))
ORDER = SHOP.order(line(1, 40), customer=ANN, at="2024-06-01T12:00:00Z", name="#5001")
OF_BOB = SHOP.order(line(1, 30), customer=BOB, at="2024-06-02T12:00:00Z", name="#5002")
ROWS: dict[str, list[dict]] = defaultdict(list)


def put(table: str, **row) -> dict:
    """A raw row; `table` may go on with the name of a file of it."""
    ROWS[table].append(row)
    return row


def write_tables(raw: Raw) -> Raw:
    write_shops(raw, SHOP)
    for table, rows in ROWS.items():
        columns = sorted({column for row in rows for column in row})
        types = {column: "integer" for column in columns if isinstance(rows[0].get(column), int)}
        texts = [
            {name: json.dumps(value) if isinstance(value, list | dict) else value for name, value in row.items()}
            for row in rows
        ]
        raw.write(table, [{column: row.get(column) for column in columns} for row in texts], types)
    return raw


@pytest.fixture(scope="module")
def raw(tmp_path_factory) -> Raw:
    return write_tables(Raw(tmp_path_factory.mktemp("loyalty_and_web") / "raw"))


@pytest.fixture(scope="module")
def shop(raw, tmp_path_factory) -> Warehouse:
    return build(raw, tmp_path_factory.mktemp("loyalty_and_web_build"), AS_OF, with_tests=True)


@pytest.fixture(scope="module")
def other_ids(raw, tmp_path_factory) -> Warehouse:
    """Segment was given e-mail addresses, Talon.One numbers that nobody else knows."""
    ids = {"segment_user_id": "email", "talon_one_profile_id": "other"}
    return build(raw, tmp_path_factory.mktemp("other_ids"), AS_OF | ids)


def person(shop: Warehouse, number: int) -> str:
    return shop.one(
        "select customer_id from marts.customer_records"
        f" where source_record_type = 'customer' and source_record_id = 'demo:{number}'"
    )


def reasons(shop: Warehouse, system: str, table: str) -> list[str]:
    found = shop.sql(
        f"select reason from quality.quarantined_rows where system = '{system}' and table_name = '{table}'"
    )
    return sorted(reason for (reason,) in found)


# Talon.One: programmes and the ledger.

AIR = {"_airbyte_extracted_at": LOADED}
PROGRAMME, SANDBOX = 37, 38
put(
    "talon_one.loyalty_programs",
    id=PROGRAMME,
    name="club",
    timezone="Europe/Berlin",
    default_validity="2W_U",
    default_pending="30m",
    sandbox="false",
    **AIR,
)
put("talon_one.loyalty_programs", id=SANDBOX, name="play", timezone="Europe/Berlin", sandbox="true", **AIR)


def book(uuid: str, file: str = "snake", **more) -> None:
    """A booking in the spelling of the SDK (snake), of the CSV export or of the API."""
    row = {
        "id": len(ROWS["talon_one.loyalty_transactions/snake"]) + 1,
        "transaction_uuid": uuid,
        "created": "2024-05-01 10:00:00",
        "program_id": PROGRAMME,
        "subledger_id": "",
        "type": "addition",
        "amount": "100.00",
        "name": "Order",
        "start_date": "immediate",
        "expiry_date": "unlimited",
        "customer_profile_id": str(ANN),
        "campaign_id": 0,
        **AIR,
    } | more
    spelt = {
        "snake": lambda name: name,
        "csv": lambda name: name.replace("_", ""),
        "api": lambda name: name.split("_")[0] + "".join(part.title() for part in name.split("_")[1:]),
    }[file]
    put(
        f"talon_one.loyalty_transactions/{file}",
        **{name if name.startswith("_") else spelt(name): value for name, value in row.items()},
    )


def booking(shop: Warehouse, uuid: str) -> dict:
    (found,) = shop.rows(f"from staging.stg_talon_one__loyalty_transactions where transaction_uuid = '{uuid}'")
    return found


book("a-1")
book("a-2", "csv", campaign_id=5)
book("a-3", "api", campaign_id=5)


def test_three_spellings_are_one_column(shop):
    found = [booking(shop, uuid) for uuid in ("a-1", "a-2", "a-3")]
    assert {each["profile_id"] for each in found} == {str(ANN)}
    assert {each["programme_id"] for each in found} == {"37"}
    assert {each["points"] for each in found} == {100}


def test_created_without_offset_is_utc(shop):
    assert booking(shop, "a-2")["booked_at"] == datetime(2024, 5, 1, 10)


book("spent", type="Subtraction", amount="12.50")


def test_amounts_are_unsigned(shop):
    assert booking(shop, "spent")["points"] == Decimal("-12.50")


book("at-once")
book("later", start_date="2024-08-01T00:00:00Z", expiry_date="2025-08-01 00:00:00")
book("on-action", start_date="on_action", validity_duration="30D")


def test_when_points_become_active_and_end(shop):
    now, later, on_action = (booking(shop, uuid) for uuid in ("at-once", "later", "on-action"))
    assert (now["activation"], now["active_at"], now["expires_at"]) == ("immediate", now["booked_at"], None)
    assert (later["activation"], later["active_at"]) == ("at", datetime(2024, 8, 1))
    assert later["expires_at"] == datetime(2025, 8, 1)
    assert (on_action["activation"], on_action["active_at"]) == ("on_action", None)
    assert (on_action["validity_count"], on_action["validity_unit"], on_action["validity_rounding"]) == (
        30,
        "day",
        None,
    )


def test_durations_of_programmes(shop):
    (found,) = shop.rows(f"from staging.base_talon_one__loyalty_programs where programme_id = '{PROGRAMME}'")
    assert (found["validity_count"], found["validity_unit"], found["validity_rounding"]) == (2, "week", "up")
    assert (found["pending_count"], found["pending_unit"]) == (30, "minute")


book("of-a-subledger", subledger_id="birthday")


def test_no_subledger_is_the_main_one(shop):
    assert booking(shop, "a-1")["subledger"] == "main"
    assert booking(shop, "of-a-subledger")["subledger"] == "birthday"


def test_zero_means_none(shop):
    assert booking(shop, "a-1")["campaign_id"] is None
    assert booking(shop, "a-2")["campaign_id"] == "5"


book("8c122fb1-1874")
book("8C122FB1-1874", "csv", name="Order again", _airbyte_extracted_at="2024-06-01 04:00:00")


def test_a_repeated_export_counts_once_and_the_newest_pull_wins(shop):
    found = shop.sql(
        "select reason from staging.stg_talon_one__loyalty_transactions where lower(transaction_uuid) = '8c122fb1-1874'"
    )
    assert found == [("Order",)]


book("played", program_id=SANDBOX)


def test_sandbox_points_are_nobodys(shop):
    assert shop.sql("select 1 from staging.stg_talon_one__loyalty_transactions where transaction_uuid = 'played'") == []
    assert (
        shop.one(
            "select tombstone_rows from quality.row_accounting"
            " where system = 'talon_one' and table_name = 'loyalty_transactions'"
        )
        == 1
    )


book("overdrawn", type="subtraction", flags='["createsNegativeBalance"]')
book("by-hand", user_id=3)
book("of-a-card", customer_profile_id=None, card_identifier="CARD-7")


def test_flags_and_origins(shop):
    assert booking(shop, "overdrawn")["is_beyond_balance"] and not booking(shop, "spent")["is_beyond_balance"]
    assert booking(shop, "by-hand")["is_manual"] and not booking(shop, "a-1")["is_manual"]
    assert booking(shop, "of-a-card")["card_id"] == "CARD-7"


for number, broken in enumerate(
    [
        {"amount": "many"},
        {"amount": "-5"},
        {"type": "expire"},
        {"start_date": "soon"},
        {"expiry_date": "never"},
        {"validity_duration": "30 days"},
        {"customer_profile_id": ""},
        {"created": "2024-09-01 00:00:00"},
        {"program_id": None},
    ]
):
    book(f"broken-{number}", **broken)
book("", name="no key")


def test_bookings_that_cannot_be_read(shop):
    assert reasons(shop, "talon_one", "loyalty_transactions") == [
        "amount is negative",
        "amount is not a number",
        "created lies in the future",
        "expiry_date is neither unlimited nor a time",
        "neither customer_profile_id nor card_identifier is given",
        "program_id is missing or not a number",
        "start_date is neither immediate nor on_action nor a time",
        "transaction_uuid is missing",
        "type is neither addition nor subtraction",
        "validity_duration is not a duration",
    ]


# Talon.One: tiers and balances.


def stay(tier: str, start: str, loaded: str = LOADED, **more) -> None:
    row = {"programid": PROGRAMME, "subledgerid": "", "customerprofileid": str(ANN), "tiername": tier}
    put("talon_one.customers_tiers", **(row | {"startdate": start, "_airbyte_extracted_at": loaded} | more))


stay("Silver", "2023-08-02T15:04:05", "2024-06-20 04:00:00", expirydate="2024-08-02T00:00:00")
stay("Silver", "2023-08-02T15:04:05", "2024-06-21 04:00:00", expirydate="2024-09-02T00:00:00")
stay("Gold", "2024-06-25T12:00:00+02:00", expirydate=None)
stay("Platinum", "2024-01-01T00:00:00", programid=SANDBOX)


def stays(shop: Warehouse) -> list[dict]:
    return shop.rows(
        "from staging.base_talon_one__customers_tiers where row_status = 'staged' order by tier_started_at"
    )


def test_tier_dates_are_in_the_programmes_zone(shop):
    found = stays(shop)
    assert [each["tier_started_at"] for each in found] == [datetime(2023, 8, 2, 13, 4, 5), datetime(2024, 6, 25, 10)]


def test_every_stay_in_a_tier_is_kept_with_its_newest_end(shop):
    found = stays(shop)
    assert [each["tier"] for each in found] == ["Silver", "Gold"]
    assert found[0]["tier_expires_at"] == datetime(2024, 9, 1, 22)
    assert found[0]["first_exported_at"] == datetime(2024, 6, 20, 4)


def snapshot(points: str, at: str | None, **more) -> None:
    row = {"loyaltyProgramID": PROGRAMME, "loyaltySubledger": "", "profileIntegrationID": str(ANN)}
    put(
        "talon_one.loyalty_balances",
        **(row | {"currentBalance": points, "pendingBalance": "5", "snapshot_at": at} | AIR | more),
    )


snapshot("10.00", "2024-06-29 02:00:00")
snapshot("11.00", "2024-06-30 02:00:00")
snapshot("12.00", "2024-06-30 20:00:00")
snapshot("13.00", None)
snapshot("99.00", "2024-06-30 02:00:00", loyaltyProgramID=SANDBOX)


def test_one_snapshot_a_day_is_the_referee(shop):
    found = shop.sql(
        "select cast(snapshot_at as date), points_available from staging.stg_talon_one__loyalty_balances order by 1"
    )
    assert found == [(date(2024, 6, 29), 10), (date(2024, 6, 30), 12), (date(2024, 7, 2), 13)]


# Talon.One: effects, sessions, coupons.


def cart(session: str, state: str = "closed", **more) -> None:
    row = {"id": 1, "integration_id": session, "profile_integration_id": str(ANN), "state": state, "referral": ""}
    times = {
        "created": "2024-06-10T10:00:00Z",
        "updated": "2024-06-10T11:00:00Z",
        "closedat": None,
        "cancelledat": None,
    }
    if state != "open":
        times["closedat"] = "2024-06-10T11:00:00Z"
    put("talon_one.customer_sessions", **(row | times | AIR | more))


def effect(session: str, event: int, name: str, value: object = 5, minute: int = 0, label: str = "Off", **more) -> None:
    put(
        "talon_one.effects",
        created=f"2024-06-10T10:{minute:02}:00Z",
        name=name,
        event_type="talon_session_updated",
        eventid=event,
        rulesetid=1,
        ruleindex=0,
        campaignid=0,
        couponid=0,
        sessionintegrationid=session,
        profileintegrationid=str(ANN),
        props={"name": label, "value": value} | more,
        **AIR,
    )


cart("bought")
for event, minute in ((1, 0), (2, 20), (3, 59)):
    effect("bought", event, "setDiscount", 5, minute)
effect("bought", 3, "addLoyaltyPoints", 40, 59, "Points")
effect("bought", 2, "setDiscount", 9, 20, "Gone from the cart")
effect("bought", 3, "rejectCoupon", "XMAS", 59, "Coupon", rejectionReason="CouponNotFound")
cart("left", "open")
effect("left", 4, "setDiscount")
cart("given back", "partially_returned")
effect("given back", 5, "setDiscount", 8)
effect("given back", 5, "addLoyaltyPoints", 40, 0, "Points")
effect("given back", 6, "rollbackAddedLoyaltyPoints", 15, 30, "Points")
effect("given back", 6, "rollbackDiscount", 8, 30)
ROWS["talon_one.effects"].append(ROWS["talon_one.effects"][0])


def test_effects_count_once_for_the_closed_cart(shop):
    found = shop.sql(
        "select effect_name, amount from intermediate.int_loyalty__effects where session_id = 'bought' order by 1"
    )
    assert found == [("addLoyaltyPoints", 40), ("setDiscount", 5)]
    assert shop.sql("select 1 from intermediate.int_loyalty__effects where session_id = 'left'") == []


def test_rolled_back_effects_did_not_last(shop):
    found = shop.sql(
        "select effect_name, amount from intermediate.int_loyalty__effects where session_id = 'given back'"
    )
    assert found == [("addLoyaltyPoints", 25)]


def test_effects_have_no_id_and_yet_count_once(shop):
    assert shop.one("select count(*) from staging.stg_talon_one__effects") == len(ROWS["talon_one.effects"]) - 1


cart("closed tomorrow", closedat="2024-07-01T10:00:00Z", updated="2024-07-01T10:00:00Z")
cart("cancelled tomorrow", "cancelled", cancelledat="2024-07-01T10:00:00Z", updated="2024-07-01T10:00:00Z")


def test_what_happens_to_a_cart_after_the_cut_has_not_happened(shop):
    found = dict(
        shop.sql(
            "select session_id, session_state from staging.stg_talon_one__customer_sessions"
            " where session_id like '%tomorrow'"
        )
    )
    assert found == {"closed tomorrow": "open", "cancelled tomorrow": "closed"}


put("talon_one.coupons", id=6, value="xmas-20", campaignid=0, usagelimit=0, usagecounter=3, **AIR)


def test_no_limit_is_zero(shop):
    (found,) = shop.rows("from staging.base_talon_one__coupons")
    assert (found["code"], found["usage_limit"], found["campaign_id"]) == ("XMAS-20", None, None)


# Referrals.


def code(number: int, text: str, advocate: int, friend: int | None = None) -> None:
    row = {"id": number, "code": text, "advocateProfileIntegrationId": str(advocate), "created": "2024-06-01T00:00:00Z"}
    put("talon_one.referrals", **row, friendProfileIntegrationId=str(friend) if friend else None, **AIR)


code(1, "FROM-ANN", ANN)
cart(str(OF_BOB), profile_integration_id=str(BOB), referral="from-ann")
cart("not bought", "open", profile_integration_id=str(CY), referral="FROM-ANN")
code(2, "FOR-CY", ANN, CY)
code(3, "NOBODY-YET", ANN)
code(4, "MYSELF", BOB)
cart("self", profile_integration_id=str(BOB), referral="MYSELF")
code(5, "TOMORROW", CY)
cart("closed in july", closedat="2024-07-01T10:00:00Z", profile_integration_id=str(BOB), referral="TOMORROW")


def test_who_brought_whom(shop):
    found = shop.rows("from marts.referrals where source_name = 'talon_one' order by code")
    ann, bob, cy = (person(shop, number) for number in (ANN, BOB, CY))
    assert [(each["code"], each["advocate_customer_id"], each["friend_customer_id"]) for each in found] == [
        ("FOR-CY", ann, cy),
        ("FROM-ANN", ann, bob),
        ("MYSELF", bob, bob),
    ]
    assert [each["referral_state"] for each in found] == ["invited", "completed", "completed"]
    assert [each["order_id"] for each in found] == [None, f"shopify:demo:{OF_BOB}", None]
    assert [each["is_self_referral"] for each in found] == [False, False, True]


# Yotpo Loyalty.


def member(email: str, **more) -> None:
    plain = {
        "third_party_id": None,
        "thirty_party_id": None,
        "points_balance": 0,
        "credit_balance": "$0.00",
        "opt_in": "true",
        "last_seen_at": "2024-06-20T10:00:00Z",
        "opted_in_at": "2024-01-01T00:00:00Z",
    }
    put("yotpo_loyalty.customers", **({"email": email} | plain | AIR | more))


def item(
    points: object, created: str = "2024-02-03T10:00:00Z", action: str = "Bestellung", state: str = "Approved", **more
):
    return {"created_at": created, "date": "02/03/2024", "action": action, "points": points, "status": state} | more


TWICE = [item(50), item(50)]
member(
    "Bob@Example.com ",
    thirty_party_id=str(BOB),
    points_balance=286,
    credit_balance="$1,234.50",
    total_spend_cents=12901,
    next_points_expire_on="2026-03-01Z",
    history_items=[
        *TWICE,
        item(-20, action="$5 Gutschein"),
        item(7, state="Pending"),
        item(9, completed_at="2024-01-05T00:00:00Z"),
    ],
    referral_receipts=[
        {"id": "r1", "email": "Cy@example.com", "status": "completed"},
        {"id": "r2", "email": "friend@example.com"},
        {"id": "r3", "email": "july@example.com", "completed_at": "2024-07-01T10:00:00Z"},
    ],
)
member("old.bob@example.com", third_party_id=str(BOB), last_seen_at="2024-03-01T10:00:00Z", history_items=TWICE)
member(
    "nohistory@example.com",
    history_items=None,
    credit_balance="1.234,50 €",
    referral_code='{"link":"rwrd.io/x","code":"x"}',
)
member("gap@example.com", credit_balance="-€5")
member("")
member("broken@example.com", history_items='[{"created_at":')
member("odd@example.com", history_items=[item("many")])
member("rich@example.com", credit_balance="a lot")


def of_member(shop: Warehouse, email: str) -> dict:
    (found,) = shop.rows(f"from staging.stg_yotpo_loyalty__customers where email = '{email}'")
    return found


def test_money_as_text_and_as_cents(shop):
    assert of_member(shop, "bob@example.com")["credit_balance"] == Decimal("1234.50")
    assert of_member(shop, "nohistory@example.com")["credit_balance"] == Decimal("1234.50")
    assert of_member(shop, "gap@example.com")["credit_balance"] == -5
    assert of_member(shop, "bob@example.com")["spent_amount"] == Decimal("129.01")


def test_a_date_with_a_stray_letter(shop):
    assert of_member(shop, "bob@example.com")["next_points_expire_on"] == date(2026, 3, 1)


def test_referral_codes_are_text_or_objects(shop):
    assert of_member(shop, "nohistory@example.com")["referral_code"] == "x"


def test_the_misspelt_id_is_the_id(shop):
    assert of_member(shop, "bob@example.com")["third_party_id"] == str(BOB)


def test_the_row_of_an_old_address_is_not_current(shop):
    found = dict(
        shop.sql(f"select email, is_current from staging.stg_yotpo_loyalty__customers where member_id = '{BOB}'")
    )
    assert found == {"bob@example.com": True, "old.bob@example.com": False}


def history(shop: Warehouse) -> list[dict]:
    return shop.rows(f"from staging.stg_yotpo_loyalty__history_items where member_id = '{BOB}' order by points")


def test_what_happened_twice_counts_twice_and_what_is_told_twice_once(shop):
    assert [each["points"] for each in history(shop)] == [-20, 7, 9, 50, 50]


def test_states_and_late_entries(shop):
    spent, pending, late, *_ = history(shop)
    assert (spent["item_state"], pending["item_state"]) == ("approved", "pending")
    assert (late["recorded_at"], late["occurred_at"]) == (datetime(2024, 2, 3, 10), datetime(2024, 1, 5))


def test_members_that_cannot_be_read(shop):
    assert reasons(shop, "yotpo_loyalty", "customers") == [
        "credit_balance is not an amount",
        "email is missing",
        "history_items is not a list of objects",
        "the points of a history item are not a whole number",
    ]


def test_friends_of_members(shop):
    found = shop.sql(
        "select referral_state, friend_customer_id from marts.referrals"
        " where source_name = 'yotpo_loyalty' order by all"
    )
    by_email = shop.sql("select customer_id from marts.customer_records where source_record_type = 'friend'")
    assert [state for state, _ in found] == ["completed", "invited", "invited"]
    assert (found[0][1],) in by_email


# Segment: rows.


def sent(table: str, number: str, at: str, who: int | str | None = None, device: str = "d0", **more) -> None:
    row = {"id": number, "anonymous_id": device, "user_id": None if who is None else str(who), "timestamp": at}
    received = more.pop("received_at", at)
    put(f"segment.{table}", **row, received_at=received, sent_at="1999-01-01T00:00:00Z", **more)


def page(number: str, at: str, who: int | str | None = None, device: str = "d0", **more) -> None:
    sent("pages", number, at, who, device, **({"url": "https://www.demo.example/", "path": "/"} | more))


def events(shop: Warehouse, *numbers: str) -> list[dict]:
    wanted = ", ".join(f"'segment:{number}'" for number in numbers)
    return shop.rows(f"from intermediate.int_web_events__unioned where event_id in ({wanted}) order by event_id")


sent("product_added", "added", "2024-06-03T10:00:00Z", event="product_added", product_id="7001", price=19, quantity=2)
sent(
    "tracks",
    "added",
    "2024-06-03T10:00:00Z",
    event="product_added",
    event_text="Product Added",
    received_at="2024-06-04T10:00:00Z",
)
sent("product_added", "added", "2024-06-03T10:00:00Z", event="product_added", product_id="7001", price=19, quantity=2)
sent("tracks", "own", "2024-06-03T10:01:00Z", event="loyalty_page_opened", event_text="Loyalty Page Opened")
sent("tracks", "old", "2024-06-03T10:02:00Z", event=None, event_text="Viewed Product")


def test_an_event_in_two_tables_and_sent_twice_is_one_with_its_properties(shop):
    (found,) = events(shop, "added")
    assert (found["event"], found["product_id"], found["quantity"], found["event_value"]) == (
        "cart_added",
        "7001",
        2,
        38,
    )


def test_names_are_translated_and_unknown_ones_reported(shop):
    assert [each["event"] for each in events(shop, "old", "own")] == ["product_viewed", "other"]
    found = shop.rows("from quality.unmapped_values where seed_name = 'web_event_names'")
    assert [(each["value"], each["row_count"]) for each in found] == [("loyalty_page_opened", 1)]


page("late", "2024-06-04T10:00:00Z", device="d1", received_at="2024-06-09T10:00:00Z")
page("clock", "2027-01-01T00:00:00Z", device="d1", received_at="2024-06-09T10:00:00Z")
page("no-time", None, device="d1", received_at="2024-06-05T10:00:00Z")
page("after", "2024-07-01T04:30:00Z", device="d1")
page("just-before", "2024-07-01T03:30:00Z", device="d1")
page("nobody", "2024-06-05T10:00:00Z", device=None)


def test_when_an_event_happened(shop):
    """When it says, unless that is later than it arrived; at the shop's midnight the day is over."""
    just_before, late, no_time = events(shop, "just-before", "late", "no-time")
    assert just_before["occurred_at"] == datetime(2024, 7, 1, 3, 30)
    assert late["occurred_at"] == datetime(2024, 6, 4, 10)
    assert no_time["occurred_at"] == datetime(2024, 6, 5, 10)
    assert events(shop, "clock", "after") == []
    assert reasons(shop, "segment", "pages") == [
        "neither anonymous_id nor user_id is given",
        "timestamp lies in the future",
    ]


# Segment: visits.


def session_of(shop: Warehouse, number: str) -> dict:
    (found,) = shop.rows(
        "select sessions.* from marts.web_sessions as sessions"
        " semi join intermediate.int_web_sessions__events as events"
        f" on sessions.session_id = events.session_id and events.event_id = 'segment:{number}'"
    )
    return found


page("gap-0", "2024-06-06T10:00:00Z", device="d2")
page("gap-1", "2024-06-06T10:30:00Z", device="d2")
page("gap-2", "2024-06-06T11:00:01Z", device="d2")


def test_a_pause_longer_than_the_threshold_ends_a_visit(shop):
    first, second, third = (session_of(shop, f"gap-{number}") for number in range(3))
    assert first["session_id"] == second["session_id"] != third["session_id"]
    assert (first["page_view_count"], first["duration_seconds"]) == (2, 1800)


page("before-login", "2024-06-07T10:00:00Z", device="d3")
sent("identifies", "login", "2024-06-07T10:05:00Z", ANN, "d3", email="ann@example.com")
page("after-login", "2024-06-07T10:06:00Z", ANN, device="d3")
page("next-week", "2024-06-14T10:06:00Z", device="d3")


def test_a_browser_of_one_person_is_that_person(shop):
    found = [session_of(shop, number) for number in ("before-login", "after-login", "next-week")]
    assert {each["customer_id"] for each in found} == {person(shop, ANN)}
    assert found[0]["session_id"] == found[1]["session_id"] != found[2]["session_id"]


page("shared-ann", "2024-06-08T10:00:00Z", f"gid://shopify/Customer/{ANN}", device="shared")
page("shared-bob", "2024-06-08T10:05:00Z", BOB, device="shared")
page("shared-none", "2024-06-08T10:06:00Z", device="shared")


def test_a_shared_browser_is_nobody_until_it_says_who(shop):
    ann, bob, nobody = (session_of(shop, f"shared-{who}") for who in ("ann", "bob", "none"))
    assert (ann["customer_id"], bob["customer_id"]) == (person(shop, ANN), person(shop, BOB))
    assert nobody["customer_id"] is None
    assert ann["visitor_id"] == bob["visitor_id"] == nobody["visitor_id"]


page("bot", "2024-06-08T10:00:00Z", device="crawler", context_user_agent="Mozilla/5.0 (compatible; Googlebot/2.1)")


def test_bots_visit_nothing(shop):
    assert shop.sql("select 1 from intermediate.int_web_sessions__events where event_id = 'segment:bot'") == []
    assert events(shop, "bot")[0]["is_bot"]


FAR = "https://www.google.com/"
CHANNELS = {
    "direct": ("direct", {}),
    "own page": ("direct", {"referrer": "https://shop.demo.example/cart", "url": "https://demo.example/"}),
    "email": ("email", {"context_campaign_medium": "Email", "context_campaign_source": "klaviyo", "referrer": FAR}),
    "source only": ("email", {"context_campaign_source": "braze"}),
    "paid social": ("paid_social", {"context_campaign_medium": "paid-social", "context_campaign_source": "facebook"}),
    "paid search": ("paid_search", {"context_campaign_medium": "cpc", "referrer": FAR}),
    "organic search": ("organic_search", {"referrer": FAR}),
    "referral": ("referral", {"referrer": "https://blog.example.org/best"}),
    "unknown words": ("other", {"context_campaign_medium": "skywriting", "context_campaign_source": "plane"}),
}
for number, (_, touch) in enumerate(CHANNELS.values()):
    page(f"channel-{number}", "2024-06-09T10:00:00Z", device=f"channel-{number}", **touch)


@pytest.mark.parametrize("name", CHANNELS)
def test_what_brought_a_visit(shop, name):
    assert session_of(shop, f"channel-{list(CHANNELS).index(name)}")["channel"] == CHANNELS[name][0]


def test_unknown_campaign_words_are_reported(shop):
    found = shop.rows("from quality.unmapped_values where seed_name = 'web_channels'")
    assert [each["value"] for each in found] == ["skywriting / plane"]


page("thanks", "2024-06-01T12:00:00Z", ANN, device="buyer")
for number, order in enumerate((f"#{5001}", "5001", ORDER, "5002", "777")):
    sent(
        "order_completed",
        f"thanks-{number}",
        f"2024-06-01T12:0{number}:00Z",
        ANN,
        "buyer",
        event="order_completed",
        order_id=str(order),
        revenue="40",
    )


def test_thanking_for_an_order_is_no_order(shop):
    assert shop.one("select count(*) from marts.orders") == 2
    assert shop.one("select sum(order_count) from marts.customers") == 2
    found = session_of(shop, "thanks")
    assert found["order_id"] == f"shopify:demo:{ORDER}"
    assert found["thanked_order_count"] == 4  # by name, by id, another one, and one that never arrived


# Segment: tracking pages.


def tracked(
    number: str, query: str, at: str = "10:00", path: str = "/pages/track", host: str = "www.demo.example"
) -> None:
    page(number, f"2024-06-12T{at}:00Z", device=number.split("-")[0], url=f"https://{host}{path}{query}", path=path)


tracked("parcel-0", "?utm_source=aftership&order=%235001#top")
tracked("parcel-1", "?order=5001", "10:02")
tracked("parcel-2", "?order_number=5002", "10:03")
tracked("lost-0", "?order=31337")
tracked("blank-0", "")
tracked("hosted-0", f"?order_id={ORDER}", path="/", host="demo.aftership.com")
tracked("elsewhere-0", "?order=5001", path="/pages/tracksuits")


def visits(shop: Warehouse, number: str) -> list[dict]:
    return shop.rows(
        "select visits.* from marts.tracking_page_visits as visits"
        " semi join intermediate.int_web_sessions__events as events"
        f" on visits.session_id = events.session_id and events.event_id = 'segment:{number}' order by visits.visited_at"
    )


def test_a_reload_is_a_view_and_another_order_another_visit(shop):
    first, second = visits(shop, "parcel-0")
    assert (first["order_id"], first["page_view_count"]) == (f"shopify:demo:{ORDER}", 2)
    assert (second["order_id"], second["customer_id"]) == (f"shopify:demo:{OF_BOB}", person(shop, BOB))
    assert first["visited_on"] == date(2024, 6, 12)


def test_tracking_pages_without_a_known_order(shop):
    ((lost,), (blank,), (hosted,)) = (visits(shop, f"{number}-0") for number in ("lost", "blank", "hosted"))
    assert (lost["match_state"], blank["match_state"], hosted["match_state"]) == (
        "order_missing",
        "no_reference",
        "matched",
    )


def test_other_pages_are_no_tracking_pages(shop):
    assert visits(shop, "elsewhere-0") == []
    assert visits(shop, "thanks") == []


# Who the ids are.

sent("identifies", "newsletter", "2024-06-15T10:00:00Z", None, "d9", email="Cy@Example.com")
page("by-email", "2024-06-15T11:00:00Z", "cy@example.com", device="d10")
put(
    "talon_one.customer_profiles",
    id=1,
    integration_id="guest-99",
    attributes={"EMAIL": "cy@example.com"},
    created="2024-06-01T00:00:00Z",
    **AIR,
)
book("of-a-guest", customer_profile_id="guest-99")


def records(shop: Warehouse, system: str, kind: str) -> dict[str, str]:
    return dict(
        shop.sql(
            "select source_record_id, customer_id from marts.customer_records"
            f" where source_name = '{system}' and source_record_type = '{kind}'"
        )
    )


def test_ids_are_the_shops_customer_numbers(shop):
    assert records(shop, "talon_one", "profile")[str(ANN)] == person(shop, ANN)
    assert records(shop, "segment", "user")[str(ANN)] == person(shop, ANN)
    assert person(shop, BOB) in records(shop, "yotpo_loyalty", "customer").values()


def test_ids_may_be_something_else(other_ids):
    """An address as Segment's user id is that address, and beside any other id its trait still tells whose it is; a
    profile that nobody else knows is a person of its own."""
    by_address = session_of(other_ids, "by-email")["customer_id"]
    assert by_address in records(other_ids, "segment", "browser").values()
    assert session_of(other_ids, "after-login")["customer_id"] == person(other_ids, ANN)
    assert records(other_ids, "talon_one", "profile")[str(ANN)] != person(other_ids, ANN)
    assert "guest-99" in records(other_ids, "talon_one", "profile")


def test_a_guests_profile_is_known_by_its_address_only(shop):
    assert records(shop, "talon_one", "profile")["guest-99"] in records(shop, "segment", "browser").values()


def test_a_card_is_a_loyalty_id(shop):
    assert "CARD-7" in records(shop, "talon_one", "card")


def test_no_address_is_in_what_bi_reads(shop, other_ids):
    for each in (shop, other_ids):
        for table in ("web_sessions", "tracking_page_visits", "referrals", "customer_records"):
            assert (
                each.one(f"select count(*) from marts.{table} as rows where cast(to_json(rows) as varchar) like '%@%'")
                == 0
            )


# Requests to be forgotten.

put(
    "privacy.erasure_requests",
    request_id="E1",
    requested_at="2024-05-01T10:00:00+02:00",
    email="gone@example.com",
    _loaded_at=LOADED,
)
put(
    "privacy.erasure_requests",
    request_id="E1",
    requested_at="2024-05-01T10:00:00+02:00",
    email="gone@example.com",
    phone="+4930",
    _loaded_at="2024-07-03 04:00:00",
)
put("privacy.erasure_requests", request_id="E2", requested_at="2024-05-01", email=" ", _loaded_at=LOADED)
put("privacy.erasure_requests", request_id="E3", requested_at="soon", email="x@example.com", _loaded_at=LOADED)
put("privacy.erasure_requests", request_id="E4", requested_at="2024-05-01", email="x at example", _loaded_at=LOADED)


def test_erasure_requests(shop):
    asked = shop.sql("select distinct key_type, requested_at from state.erasures where requested_by = 'privacy'")
    assert set(asked) == {("email", datetime(2024, 5, 1, 8)), ("email", None)}
    assert reasons(shop, "privacy", "erasure_requests") == ["email is not an address", "it names nobody"]


def test_every_row_is_accounted_for(shop):
    wanted: dict[tuple[str, str], int] = defaultdict(int)
    for name, rows in ROWS.items():
        wanted[tuple(name.split("/")[0].split("."))] += len(rows)
    found = shop.rows("from quality.row_accounting where raw_rows > 0 and system <> 'shopify'")
    assert {(each["system"], each["table_name"]): each["raw_rows"] for each in found} == wanted
    for each in found:
        parts = ("staged_rows", "duplicate_rows", "tombstone_rows", "quarantined_rows")
        assert each["raw_rows"] == sum(each[part] for part in parts), each


def test_the_build_passes_its_own_tests(shop):
    assert shop.failures == []
