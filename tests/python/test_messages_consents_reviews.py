"""Messages, consent and reviews from Braze, Klaviyo, Yotpo, Barilliance and Shopify: one raw data set with every trap.

A case is added where it is described, and its test looks it up. The shop is in Berlin; everything was loaded in the
morning of 1 July 2024, so that a run looks back from 30 June. `earlier` looks at the same rows from 31 March.
"""

import json
from datetime import datetime

import pytest
from conftest import Raw, Warehouse, build
from messaging import Braze, Klaviyo, Tool, marketing
from shopify import Shop, line, write_shops

SHOP = Shop()
SHOP.settings("Europe/Berlin")
BRAZE, KLAVIYO = Braze(), Klaviyo()
YOTPO, BARILLIANCE = Tool("yotpo"), Tool("barilliance", types={"time": "varchar"})

for number, name in {
    "M1": "Received Email", "M2": "Opened Email", "M3": "CLICKED email", "M4": "Bounced Email", "M5": "Unsubscribed",
    "M6": "Sent SMS", "M7": "Received SMS", "M8": "Placed Order", "M9": "Winked at Email",
    "M10": "Marked Email as Spam",
    "M11": "Unsubscribed from Email Marketing", "M12": "Clicked SMS", "M13": "Dropped Email",
}.items():  # fmt: skip
    KLAVIYO.metric(number, name)


@pytest.fixture(scope="module")
def raw_rows(tmp_path_factory) -> Raw:
    raw = write_shops(Raw(tmp_path_factory.mktemp("messages") / "raw"), SHOP)
    for tool in (BRAZE, KLAVIYO, YOTPO, BARILLIANCE):
        tool.write(raw)
    return raw


@pytest.fixture(scope="module")
def shop(raw_rows) -> Warehouse:
    """With all dbt tests: keys, intervals, accepted values, the accounting of rows."""
    warehouse = build(raw_rows, raw_rows.folder.parent / "now", with_tests=True, must_pass=False)
    assert warehouse.failures == [], warehouse.log
    return warehouse


@pytest.fixture(scope="module")
def earlier(raw_rows) -> Warehouse:
    variables = {"as_of": "2024-03-31", "klaviyo_external_id": "email"}
    return build(raw_rows, raw_rows.folder.parent / "earlier", variables)


def at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def customer(shop: Warehouse, system: str, record: str, kind: str) -> str | None:
    found = shop.sql(
        f"select customer_id from marts.customer_records where source_name = '{system}'"
        f" and source_record_type = '{kind}' and source_record_id = '{record}'"
    )
    return found[0][0] if found else None


def account(number: int) -> tuple[str, str, str]:
    return "shopify", f"demo:{number}", "customer"


def user(number: str) -> tuple[str, str, str]:
    return "braze", number, "user"


def profile(number: str) -> tuple[str, str, str]:
    return "klaviyo", number, "profile"


def messages(shop: Warehouse, *person: str, more: str = "true") -> list[dict]:
    """A person's messages in order, without what is null."""
    return messages_where(shop, f"customer_id = '{customer(shop, *person)}' and {more}")


def messages_where(shop: Warehouse, condition: str) -> list[dict]:
    found = shop.rows(f"from marts.messages where {condition} order by messaged_at, sent_at nulls first, message_id")
    return [{key: value for key, value in row.items() if value is not None} for row in found]


def times(message: dict) -> dict:
    """What happened when, as text."""
    names = (
        "sent",
        "delivered",
        "opened",
        "machine_opened",
        "clicked",
        "bounced",
        "failed",
        "unsubscribed",
        "complained",
    )
    return {name: str(message[f"{name}_at"]) for name in names if f"{name}_at" in message}


def consents(shop: Warehouse, *person: str, channel: str = "email", purpose: str = "marketing") -> list[tuple]:
    """(state, valid_from as text) per interval."""
    return [
        (state, str(valid_from))
        for state, valid_from in shop.sql(
            f"select state, valid_from from marts.consents where customer_id = '{customer(shop, *person)}'"
            f" and channel = '{channel}' and purpose = '{purpose}' order by valid_from"
        )
    ]


def consent(shop: Warehouse, *person: str, **more) -> str:
    """The state as of as_of; none is unknown."""
    found = consents(shop, *person, **more)
    return found[-1][0] if found else "unknown"


def quarantined(shop: Warehouse, table: str) -> list[str]:
    return [reason for (reason,) in shop.sql(
        f"select reason from quality.quarantined_rows where table_name = '{table}' order by reason"
    )]  # fmt: skip


# Braze: a dispatch is shared by many people; send, delivery, open and click of one person make one message.

for person in ("dora", "dirk"):
    BRAZE.email(
        "send", person, "2024-03-01T10:00:00", "d1", email_address=f"{person}@example.com", campaign_name="Spring sale"
    )
BRAZE.email("delivery", "dora", "2024-03-01T10:00:05", "d1", email_address="dora@example.com")
BRAZE.email("open", "dora", "2024-03-01T11:00:00", "d1", email_address="dora@example.com")
BRAZE.email("open", "dora", "2024-03-01T12:00:00", "d1", email_address="dora@example.com")
BRAZE.email("click", "dora", "2024-04-02T11:00:30", "d1", email_address="dora@example.com")


def test_braze_message_is_a_person_and_a_dispatch(shop):
    (dora,) = messages(shop, *user("dora"))
    assert times(dora) == {
        "sent": "2024-03-01 10:00:00", "delivered": "2024-03-01 10:00:05", "opened": "2024-03-01 11:00:00",
        "clicked": "2024-04-02 11:00:30",
    }  # fmt: skip
    assert (dora["channel"], dora["campaign"], dora["message_class"]) == ("email", "Spring sale", "promotional")
    (dirk,) = messages(shop, *user("dirk"))
    assert times(dirk) == {"sent": "2024-03-01 10:00:00"}


def test_what_happened_later_is_not_seen(earlier):
    (dora,) = messages(earlier, *user("dora"))
    assert set(times(dora)) == {"sent", "delivered", "opened"}


# Braze delivers at least once, late, and also what was tried in a test workspace.

BRAZE.email("send", "bella", "2024-03-02T10:00:00", "d2", email_address="bella@example.com", id="bella-send")
BRAZE.email("send", "bella", "2024-03-02T10:00:00", "d2", email_address="bella@example.com", id="bella-send")
BRAZE.email("open", "bella", "2024-03-02T10:30:00", "d2", _loaded_at="2024-06-20T04:00:00Z")
BRAZE.email(
    "send", "tess", "2024-03-02T10:00:00", "d3", email_address="tess@example.com", app_group_id="perennial-test"
)
BRAZE.state("tess", "2024-03-02T10:00:00", "Unsubscribed", app_group_id="perennial-test", email_address="t@example.com")


def test_braze_duplicates_count_once(shop):
    assert [times(each) for each in messages(shop, *user("bella"))] == [
        {"sent": "2024-03-02 10:00:00", "opened": "2024-03-02 10:30:00"}
    ]
    assert (
        shop.one("select duplicate_rows from quality.row_accounting where table_name = 'users_messages_email_send'")
        == 1
    )


def test_test_workspaces_are_left_out(shop):
    assert customer(shop, *user("tess")) is None
    assert shop.one("select count(*) from marts.messages where message_id like '%tess%'") == 0


# Times are UNIX seconds; what is none is refused, not guessed.

BRAZE.email("send", "mila", "2024-03-02T10:00:00", "d4", time=1_709_373_600_000)
BRAZE.email("send", "mila", "2024-09-02T10:00:00", "d4")
BRAZE.email("send", "mila", "2024-03-02T10:00:00", "d4", id=None)
BRAZE.email("send", None, "2024-03-02T10:00:00", "d4")
BRAZE.state("mila", "2024-03-02T10:00:00", None)


def test_braze_refuses(shop):
    assert quarantined(shop, "users_messages_email_send") == [
        "id is missing", "time is not UNIX seconds", "time lies in the future", "user_id is missing",
    ]  # fmt: skip
    assert quarantined(shop, "users_behaviors_subscription_globalstatechange") == ["subscription_status is missing"]


# Machine opens are the text 'true', anything else is a person; suspected bots do not click.

BRAZE.email("send", "mona", "2024-03-03T10:00:00", "d5", email_address="mona@example.com")
BRAZE.email("open", "mona", "2024-03-03T10:00:02", "d5", machine_open="true")
BRAZE.email("open", "mona", "2024-03-03T18:00:00", "d5", machine_open=None)
BRAZE.email("click", "mona", "2024-03-03T10:00:03", "d5", is_suspected_bot_click=True)
BRAZE.email("click", "mona", "2024-03-03T18:01:00", "d5", is_suspected_bot_click=False)
BRAZE.email("send", "mono", "2024-03-03T10:00:00", "d5", email_address="mono@example.com")
BRAZE.email("open", "mono", "2024-03-03T10:00:02", "d5", machine_open="true")
BRAZE.email("click", "mono", "2024-03-03T10:00:03", "d5", is_suspected_bot_click=True)


def test_machines_and_bots_are_no_readers(shop):
    (mona,) = messages(shop, *user("mona"))
    assert times(mona) == {
        "sent": "2024-03-03 10:00:00", "machine_opened": "2024-03-03 10:00:02", "opened": "2024-03-03 18:00:00",
        "clicked": "2024-03-03 18:01:00",
    }  # fmt: skip
    (mono,) = messages(shop, *user("mono"))
    assert set(times(mono)) == {"sent", "machine_opened"}


# A hard bounce speaks of the address, everything else of this attempt.

BRAZE.email("send", "otto", "2024-03-04T10:00:00", "d6", email_address="otto@example.com")
BRAZE.email("bounce", "otto", "2024-03-04T10:00:02", "d6")
BRAZE.email("send", "olga", "2024-03-04T10:00:00", "d6", email_address="olga@example.com")
BRAZE.email("softbounce", "olga", "2024-03-04T10:00:02", "d6")
BRAZE.email("delivery", "olga", "2024-03-04T11:00:02", "d6")
BRAZE.sms("send", "olga", "2024-03-05T10:00:00", "d7", to_phone_number="+15550001")
BRAZE.sms("rejection", "olga", "2024-03-05T10:00:05", "d7", to_phone_number="+15550001")


def test_bounces_and_failures(shop):
    assert [set(times(each)) for each in messages(shop, *user("otto"))] == [{"sent", "bounced"}]
    assert [set(times(each)) for each in messages(shop, *user("olga"))] == [
        {"sent", "failed", "delivered"}, {"sent", "failed"},
    ]  # fmt: skip


# Push has no delivery, and one send per device; it is one message.

BRAZE.push("send", "pia", "2024-03-05T10:00:00", "d8", external_user_id="pia@example.com")
BRAZE.push("send", "pia", "2024-03-05T10:00:01", "d8")
BRAZE.push("open", "pia", "2024-03-05T10:10:00", "d8")
BRAZE.email("send", "pia", "2024-03-06T10:00:00", "d9", email_address="pia@example.com")


def test_push_is_one_message_without_a_delivery(shop):
    (push,) = messages(shop, *user("pia"), more="channel = 'push'")
    assert times(push) == {"sent": "2024-03-05 10:00:00", "opened": "2024-03-05 10:10:00"}


# The short-link click of an SMS has no dispatch_id: the latest SMS of its campaign before it, within a week.

SMS = {"to_phone_number": "+15550002", "campaign_id": "c-a", "campaign_name": "A"}
BRAZE.sms("send", "suse", "2024-03-06T10:00:00", "s1", **SMS)
BRAZE.sms("carriersend", "suse", "2024-03-06T10:00:01", "s1", **SMS)
BRAZE.sms("delivery", "suse", "2024-03-06T10:00:02", "s1", **SMS)
BRAZE.sms("send", "suse", "2024-03-08T10:00:00", "s2", **SMS)
BRAZE.sms("send", "suse", "2024-03-08T12:00:00", "s3", **SMS | {"campaign_id": "c-b", "campaign_name": "B"})
BRAZE.sms("shortlinkclick", "suse", "2024-03-08T13:00:00", user_phone_number="+15550002", campaign_id="c-a")
BRAZE.sms("shortlinkclick", "suse", "2024-03-08T14:00:00", user_phone_number="+15550002")
BRAZE.sms("send", "sven", "2024-03-08T10:00:00", "s2", **SMS | {"to_phone_number": "+15550003"})
BRAZE.sms("shortlinkclick", "sven", "2024-03-16T10:00:00", user_phone_number="+15550003")
BRAZE.sms("shortlinkclick", "sven", "2024-03-07T10:00:00", user_phone_number="+15550003")
for person in ("suse", "sven"):
    BRAZE.email("send", person, "2024-03-09T10:00:00", "d10", email_address=f"{person}@example.com")


def test_sms_click_finds_its_message(shop):
    assert [times(each) for each in messages(shop, *user("suse"), more="channel = 'sms'")] == [
        {"sent": "2024-03-06 10:00:00", "delivered": "2024-03-06 10:00:02"},
        {"sent": "2024-03-08 10:00:00", "clicked": "2024-03-08 13:00:00"},
        {"sent": "2024-03-08 12:00:00", "clicked": "2024-03-08 14:00:00"},
    ]
    assert [set(times(each)) for each in messages(shop, *user("sven"), more="channel = 'sms'")] == [{"sent"}]


# Profiles merge: the old id was written to, the new one reads; twice the same dispatch to both are two messages.

BRAZE.email("send", "old", "2024-03-10T10:00:00", "d11", email_address="old@example.com")
BRAZE.event("userorphan", "old", "2024-03-11T10:00:00", orphaned_by_id="mid", external_user_id="gone")
BRAZE.event("userorphan", "mid", "2024-03-12T10:00:00", orphaned_by_id="new")
BRAZE.email("open", "new", "2024-03-13T10:00:00", "d11", email_address="new@example.com")
BRAZE.email("send", "old", "2024-03-09T10:00:00", "d12")
BRAZE.email("send", "new", "2024-03-09T10:00:00", "d12", email_address="new@example.com")
BRAZE.email("open", "old", "2024-03-09T11:00:00", "d12")
BRAZE.email("click", "new", "2024-03-09T12:00:00", "d12")


def test_merged_profiles_are_one_person(shop):
    assert [times(each) for each in messages(shop, *user("new"))] == [
        {"sent": "2024-03-09 10:00:00", "clicked": "2024-03-09 12:00:00"},
        {"sent": "2024-03-09 10:00:00", "opened": "2024-03-09 11:00:00"},
        {"sent": "2024-03-10 10:00:00", "opened": "2024-03-13 10:00:00"},
    ]


# Anonymised events name no address: the id that the shop gave still says who it was.

ANNA = SHOP.customer("anna@example.com")
BRAZE.email("send", "anna", "2024-03-14T10:00:00", "d13", external_user_id=str(ANNA), email_address=None)
BRAZE.email("open", "anna", "2024-03-14T11:00:00", "d13", external_user_id=None, email_address=None)


def test_anonymised_events_keep_their_person(shop):
    assert customer(shop, *user("anna")) == customer(shop, *account(ANNA))
    assert len(messages(shop, *account(ANNA))) == 1


# A profile of which nothing is seen but that another went into is who that one was.

BRAZE.event("userorphan", "heard of", "2024-03-14T12:00:00", orphaned_by_id="silent", external_user_id=str(ANNA))


def test_a_surviving_profile_is_who_the_merged_one_was(shop):
    assert customer(shop, *user("silent")) == customer(shop, *user("heard of")) == customer(shop, *account(ANNA))


# Classes: words of the campaign decide, an offer before everything else; what fits nothing is promotional and reported.

for number, words in enumerate(
    ("Free shipping on what is shipped today", "Order confirmation", "Xylophone", "Shipped: your order")
):
    BRAZE.email(
        "send",
        "clara",
        f"2024-03-15T1{number}:00:00",
        f"k{number}",
        email_address="clara@x.example",
        campaign_name=words,
    )
for number, words in enumerate(("Delay notice", "Birthday coupon")):
    named = {
        "canvas_id": "v1",
        "canvas_name": "After purchase",
        "canvas_step_name": words,
        "email_address": "clara@x.example",
    }
    BRAZE.email("send", "clara", f"2024-03-16T1{number}:00:00", f"v{number}", **named)


def test_message_classes(shop):
    found = {each["campaign"]: each["message_class"] for each in messages(shop, *user("clara"))}
    assert found == {
        "Free shipping on what is shipped today": "promotional", "Order confirmation": "transactional",
        "Xylophone": "promotional", "Shipped: your order": "transactional", "After purchase / Delay notice": "service",
        "After purchase / Birthday coupon": "promotional",
    }  # fmt: skip
    unmapped = shop.sql(
        "select value from quality.unmapped_values where seed_name = 'message_classes' and system = 'braze'"
    )
    assert ("Xylophone",) in unmapped and ("Order confirmation",) not in unmapped


# Klaviyo: received is delivered, and there is no sending. Names of metrics differ in case, keys have blanks and $.

KLAVIYO.profile("K1", email="kim@example.com", phone_number="+15550004")
CAMPAIGN = {"$message": "msg1", "Campaign Name": "Spring sale", "$_cohort$message_send_cohort": "1:msg1"}
KLAVIYO.event("K1", "M1", "2024-03-01T10:00:00", **CAMPAIGN)
KLAVIYO.event("K1", "M2", "2024-03-01T10:00:01", **CAMPAIGN, machine_open=True)
KLAVIYO.event("K1", "M2", "2024-03-01T12:00:00", **CAMPAIGN, **{"Apple Privacy Open": "False"})
KLAVIYO.event("K1", "M3", "2024-03-01T12:00:10", **CAMPAIGN)
KLAVIYO.event("K1", "M3", "2024-03-01T10:00:02", **CAMPAIGN, **{"Bot Click": True})
KLAVIYO.event("K1", "M9", "2024-03-01T13:00:00", **CAMPAIGN)
KLAVIYO.event("K1", "M99", "2024-03-01T13:00:00", **CAMPAIGN)
KLAVIYO.event(
    "K1", "M98", "2024-03-02T13:00:00", "Received Email", **{"$message": "msg2", "Campaign Name": "Newsletter"}
)


def test_klaviyo_tells_no_sending(shop):
    first, second = messages(shop, *profile("K1"), more="channel = 'email'")
    assert times(first) == {
        "delivered": "2024-03-01 10:00:00", "machine_opened": "2024-03-01 10:00:01", "opened": "2024-03-01 12:00:00",
        "clicked": "2024-03-01 12:00:10",
    }  # fmt: skip
    assert str(first["messaged_at"]) == "2024-03-01 10:00:00" and first["campaign"] == "Spring sale"
    assert second["campaign"] == "Newsletter", "the metric is named in the event itself"


def test_klaviyo_metrics_that_nobody_mapped_are_reported(shop):
    unmapped = shop.sql(
        "select value, row_count from quality.unmapped_values where seed_name = 'klaviyo_metrics' order by all"
    )
    assert unmapped == [("metric m99", 1), ("winked at email", 1)]


# A flow sends the same message again: with a send cohort that is told, without it a receipt begins a message.

KLAVIYO.profile("K2", email="kurt@example.com")
KLAVIYO.add("flows", id="F1", attributes=json.dumps({"name": "Abandoned cart", "status": "live"}))
FLOW = {"$message": "flowmsg", "$flow": "F1", "Campaign Name": "Step 1"}
for day in ("01", "20", "22"):
    KLAVIYO.event("K2", "M1", f"2024-03-{day}T10:00:00", **FLOW)
    KLAVIYO.event("K2", "M2", f"2024-03-{day}T11:00:00", **FLOW)
KLAVIYO.event("K2", "M4", "2024-03-20T10:00:30", **FLOW, **{"Bounce Type": "Soft"})
KLAVIYO.event("K2", "M4", "2024-05-20T10:00:00", **FLOW, **{"Bounce Type": "Hard"})
for day in ("02", "03"):
    cohort = {"$_cohort$message_send_cohort": f"{day}:flowmsg"}
    KLAVIYO.event("K2", "M1", f"2024-04-{day}T10:00:00", **FLOW, **cohort)
KLAVIYO.event("K2", "M2", "2024-04-04T10:00:00", **FLOW, **{"$_cohort$message_send_cohort": "02:flowmsg"})
KLAVIYO.event("K2", "M4", "2024-06-01T10:00:00", **FLOW, **{"Bounce Type": "Soft"})
KLAVIYO.event("K2", "M1", "2024-06-01T11:00:00", **FLOW)


def test_klaviyo_flows_repeat_their_messages(shop):
    found = messages(shop, *profile("K2"))
    assert [times(each) for each in found] == [
        {"delivered": "2024-03-01 10:00:00", "opened": "2024-03-01 11:00:00"},
        {"delivered": "2024-03-20 10:00:00", "opened": "2024-03-20 11:00:00", "failed": "2024-03-20 10:00:30"},
        {"delivered": "2024-03-22 10:00:00", "opened": "2024-03-22 11:00:00"},
        {"delivered": "2024-04-02 10:00:00", "opened": "2024-04-04 10:00:00"},
        {"delivered": "2024-04-03 10:00:00"},
        {"bounced": "2024-05-20 10:00:00"},
        {"delivered": "2024-06-01 11:00:00", "failed": "2024-06-01 10:00:00"},
    ]
    assert {each["campaign"] for each in found} == {"Abandoned cart / Step 1"}


# A text to the shop is no message of the shop's, and a copied order no order.

KLAVIYO.event("K1", "M6", "2024-03-03T10:00:00")
KLAVIYO.event("K1", "M7", "2024-03-03T10:01:00", **{"$message": "sms1", "Message Name": "Welcome"})
KLAVIYO.event("K1", "M12", "2024-03-03T10:02:00", **{"$message": "sms1"})
KLAVIYO.event("K1", "M8", "2024-03-03T10:03:00", **{"$value": 99.0, "OrderId": "1"})
KLAVIYO.event("K1", "M1", "2024-03-03T10:03:00", row={"attributes": "{not json", "id": "bad"})


def test_klaviyo_sms_and_orders(shop):
    (sms,) = messages(shop, *profile("K1"), more="channel = 'sms'")
    assert times(sms) == {"delivered": "2024-03-03 10:01:00", "clicked": "2024-03-03 10:02:00"}
    assert shop.one("select count(*) from marts.orders where source_name = 'klaviyo'") == 0
    assert quarantined(shop, "events") == ["attributes is not an object"]


# Barilliance: New York wall clock, two ways to write the kind, exports that overlap.

for moment, kind in (
    ("2024-01-15 12:00:00", 0),
    ("2024-06-15 12:00:00", 60),
    ("2024-06-15 12:00:00", 60),
    ("2024-06-16 12:00:00", 69),
):
    BARILLIANCE.add("sent_emails", time=moment, email="Bar@Example.com ", email_type=kind)
BARILLIANCE.add("sent_emails", time="soon", email="bar@example.com", email_type=1)
BARILLIANCE.add(
    "triggered_emails_report", sent_date="2024-06-15", sent="10", opened="4", email_type=60, rule_number="1"
)
KLAVIYO.profile("K14", email="bar@example.com")


def test_barilliance_sends(shop):
    found = messages_where(shop, "source_name = 'barilliance'")
    assert {each["customer_id"] for each in found} == {customer(shop, *profile("K14"))}
    assert [(str(each["sent_at"]), each.get("campaign"), each["message_class"]) for each in found] == [
        ("2024-01-15 17:00:00", "cart abandonment", "promotional"),
        ("2024-06-15 16:00:00", "cart abandonment", "promotional"),
        ("2024-06-16 16:00:00", None, "promotional"),
    ]
    assert all(set(times(each)) == {"sent"} for each in found)
    assert quarantined(shop, "sent_emails") == ["time is not a time"]
    assert shop.sql(
        "select value from quality.unmapped_values where system = 'barilliance' and field = 'email_type'"
    ) == [("69",)]


# Yotpo: a request is a wide row of texts, one per product of the same e-mail, loaded again when more is known.

REQUEST = {
    "email_address": "Yo@Example.com",
    "email_type": "mail_after_purchase",
    "reminder_num": 0,
    "_airbyte_meta": '{"changes":[]}',
}
YO = SHOP.customer("yo@example.com")
BOUGHT = SHOP.order(
    line(1, 20), line(2, 10), customer=YO, email="yo@example.com", at="2024-02-20T10:00:00Z", name="#1001"
)
SENT = {"order_id": str(BOUGHT), "email_sent_timestamp": "2024-03-01T08:00:00Z"}
YOTPO.add("raw_data", **REQUEST, **SENT, product_id="7001", _airbyte_extracted_at="2024-03-02T04:00:00Z")
YOTPO.add("raw_data", **REQUEST, **SENT, product_id="7001", opened_timestamp="2024-03-03T09:00:00Z",
    content_creation_timestamp="2024-03-04T10:00:00Z")  # fmt: skip
YOTPO.add("raw_data", **REQUEST, **SENT, product_id="7002", clicked_through_timestamp="2024-03-03T09:00:10Z")
LOST = {"_airbyte_meta": '{"sync_id":1,"changes":[{"field":"coupon_code","change":"NULLED"}]}'}
YOTPO.add("raw_data", **REQUEST | LOST, order_id="2", product_id="7001", email_sent_timestamp="2024-03-05T08:00:00Z")
YOTPO.add("raw_data", **REQUEST, order_id="3", product_id="7001", email_sent_timestamp="2024-03-06T08:00:00Z",
    failed_timestamp="2024-03-06T08:00:01Z", invalid_address_timestamp="2024-03-06T08:00:02Z")  # fmt: skip
YOTPO.add("raw_data", **REQUEST, order_id="4", product_id="7001", email_sent_timestamp="lately")


def test_review_requests(shop):
    found = messages_where(shop, "source_name = 'yotpo'")
    assert [times(each) for each in found] == [
        {"sent": "2024-03-01 08:00:00", "opened": "2024-03-03 09:00:00", "clicked": "2024-03-03 09:00:10"},
        {"sent": "2024-03-05 08:00:00"},
        {"sent": "2024-03-06 08:00:00", "failed": "2024-03-06 08:00:01", "bounced": "2024-03-06 08:00:02"},
    ]
    named = ["review request", "review request with coupon", "review request"]
    assert [each["campaign"] for each in found] == named, "a code that the loader lost was a code"
    assert quarantined(shop, "raw_data") == ["email_sent_timestamp is not a time"]


KLAVIYO.profile("K15", email="yo@example.com")

# Reviews: the order is that of the request answered; what is taken down later stays, unpublished.

REVIEW = {"created_at": "2024-03-04T10:00:05Z", "updated_at": "2024-03-04T10:00:05Z", "score": 2.0, "title": "Meh",
    "content": "Broke",
    "sku": "7001", "email": " yo@example.com", "reviewer_type": "verified_buyer", "deleted": False, "archived": False,
    "is_incentivized": False}  # fmt: skip
YOTPO.add("reviews", id="12345.0", **REVIEW, _airbyte_extracted_at="2024-03-05T04:00:00Z")
YOTPO.add("reviews", id="12345.0", **REVIEW | {"deleted": True, "updated_at": "2024-05-01T10:00:00Z"})
YOTPO.add(
    "reviews",
    id="12346.0",
    **REVIEW | {"sku": "yotpo_site_reviews", "score": 5.0, "is_incentivized": True, "incentive_type": "points"},
)
YOTPO.add("reviews", id="12347.0", **REVIEW | {"sku": "7002", "archived": True, "email": None})
YOTPO.add("reviews", id="12348.0", **REVIEW | {"score": 0.0})
YOTPO.add("reviews", id="12349.0", **REVIEW | {"score": None})
YOTPO.add("reviews", id="12350.0", **REVIEW | {"score": 4.5})


def reviews(shop: Warehouse) -> dict[str, dict]:
    return {row["review_id"]: row for row in shop.rows("from marts.reviews")}


def test_reviews(shop):
    found = reviews(shop)
    assert sorted(found) == ["yotpo:12345", "yotpo:12346", "yotpo:12347"]
    first, site, nobody = (found[f"yotpo:{number}"] for number in (12345, 12346, 12347))
    assert (first["product_id"], first["score"], first["order_id"]) == ("7001", 2, f"shopify:demo:{BOUGHT}")
    assert first["customer_id"] == customer(shop, *profile("K15"))
    assert not first["is_published"] and site["is_published"] and not nobody["is_published"]
    assert (site["product_id"], site["is_site_review"], site["is_incentivized"], site["order_id"]) == (
        None,
        True,
        True,
        None,
    )
    assert (nobody["customer_id"], nobody["is_site_review"]) == (None, False)
    assert quarantined(shop, "reviews") == ["score is not a whole number from 1 to 5"] * 3


def test_reviews_taken_down_later_were_published(earlier):
    assert reviews(earlier)["yotpo:12345"]["is_published"]


# No list of people without dates may wait for the next load: it counts from the end of the day before its first load.

for loaded in ("2024-03-15T04:00:00Z", "2024-07-01T04:00:00Z"):
    YOTPO.add("unsubscribers", id=1.0, user_email="uwe@example.com", email_type_id=2.0, _airbyte_extracted_at=loaded)
YOTPO.add("unsubscribers", id=2.0, user_email="ulla@example.com", email_type_id=2.0)
UWE, ULLA = (SHOP.customer(f"{name}@example.com") for name in ("uwe", "ulla"))


def test_undated_unsubscribers(shop, earlier):
    assert consents(shop, *account(UWE)) == [("unsubscribed", "2024-03-14 22:59:59")]
    assert consents(shop, *account(ULLA)) == [("unsubscribed", "2024-06-30 21:59:59")]
    assert consents(earlier, *account(UWE)) == [("unsubscribed", "2024-03-14 22:59:59")]
    assert consents(earlier, *account(ULLA)) == []


# Shopify: the newer object speaks, the deprecated flag only where there is none; versions are history.


def stated(state: str, moment: str | None = None) -> str:
    return json.dumps({"state": state, "opt_in_level": "single_opt_in", "consent_updated_at": moment})


SHOPIFY = {
    name: SHOP.customer(f"shopify-{name}@example.com", **columns)
    for name, columns in {
        "subscribed": {
            "email_marketing_consent": stated("subscribed", "2024-02-01T10:00:00+01:00"),
            "accepts_marketing": "false",
        },
        "pending": {"email_marketing_consent": stated("pending", "2024-02-01T10:00:00Z")},
        "redacted": {"email_marketing_consent": stated("redacted", "2024-02-01T10:00:00Z")},
        "never": {"email_marketing_consent": stated("not_subscribed")},
        "flag": {"accepts_marketing": "true", "accepts_marketing_updated_at": "2024-02-01T10:00:00Z"},
        "unflag": {"accepts_marketing": "false", "accepts_marketing_updated_at": "2024-02-01T10:00:00Z"},
        "noflag": {"accepts_marketing": "false"},
        "sms": {"sms_marketing_consent": stated("subscribed", "2024-02-01T10:00:00Z"), "phone": "+15550005"},
        "undated": {"email_marketing_consent": stated("subscribed"), "updated_at": "2024-02-05T10:00:00Z"},
    }.items()
}
TURNED = SHOP.customer(
    "turned@example.com",
    email_marketing_consent=stated("subscribed", "2024-02-01T10:00:00Z"),
    updated_at="2024-02-01T10:00:00Z",
)
SHOP.customer(
    "turned@example.com",
    id=TURNED,
    email_marketing_consent=stated("unsubscribed", "2024-05-01T10:00:00Z"),
    updated_at="2024-05-01T10:00:00Z",
)
SILENT = SHOP.customer(
    "silent@example.com",
    email_marketing_consent=stated("subscribed", "2024-02-01T10:00:00Z"),
    updated_at="2024-02-01T10:00:00Z",
)
SHOP.customer(
    "silent@example.com",
    id=SILENT,
    email_marketing_consent=stated("unsubscribed", "2024-02-01T10:00:00Z"),
    updated_at="2024-05-01T10:00:00Z",
)


def test_shopify_states(shop):
    assert {name: consent(shop, *account(number)) for name, number in SHOPIFY.items()} == {
        "subscribed": "subscribed", "pending": "unknown", "redacted": "unknown", "never": "unknown",
        "flag": "subscribed",
        "unflag": "unsubscribed", "noflag": "unknown", "sms": "unknown", "undated": "subscribed",
    }  # fmt: skip
    assert consent(shop, *account(SHOPIFY["sms"]), channel="sms") == "subscribed"
    assert consents(shop, *account(SHOPIFY["subscribed"])) == [("subscribed", "2024-02-01 09:00:00")]
    assert consents(shop, *account(SHOPIFY["undated"])) == [("subscribed", "2024-01-02 10:00:00")], (
        "as early as the account"
    )


def test_shopify_versions_are_history(shop, earlier):
    assert consents(shop, *account(TURNED)) == [
        ("subscribed", "2024-02-01 10:00:00"),
        ("unsubscribed", "2024-05-01 10:00:00"),
    ]
    assert consents(shop, *account(SILENT)) == consents(shop, *account(TURNED)), (
        "a change without a new time is of its version"
    )
    assert consent(earlier, *account(TURNED)) == consent(earlier, *account(SILENT)) == "subscribed"


# A ticked box is evidence and no state.

TICK, TOCK = (SHOP.customer(f"{name}@example.com") for name in ("tick", "tock"))
SHOP.order(
    line(1, 20), customer=TICK, email="tick@example.com", buyer_accepts_marketing="true", at="2024-03-01T10:00:00Z"
)
SHOP.order(
    line(1, 20), customer=TOCK, email="tock@example.com", buyer_accepts_marketing="true", at="2024-03-03T10:00:00Z"
)
BRAZE.state("tock", "2024-03-02T10:00:00", "Unsubscribed", external_user_id=str(TOCK))


def test_ticked_boxes_are_evidence(shop):
    found = shop.rows(f"from marts.consents where customer_id = '{customer(shop, *account(TICK))}'")
    assert [(row["state"], row["evidence"].split()[:2]) for row in found] == [("unknown", ["box", "ticked"])]
    assert consents(shop, *account(TOCK)) == [("unsubscribed", "2024-03-02 10:00:00")]


# Braze's states fire when nothing changed. A restatement moves nobody, a change does; opted-in is explicit.


def refuser(name: str, when: str = "2024-02-01T10:00:00Z", state: str = "unsubscribed") -> int:
    return SHOP.customer(f"{name}@example.com", email_marketing_consent=stated(state, when))


RESTATED, RETURNED, OPTED = (refuser(name) for name in ("restated", "returned", "opted"))
REPEATED = refuser("repeated", "2024-03-05T10:00:00Z", "subscribed")
BRAZE.state("restated", "2024-03-01T10:00:00", "Subscribed", external_user_id=str(RESTATED))
BRAZE.state("restated", "2024-03-02T10:00:00", "Subscribed", external_user_id=str(RESTATED))
BRAZE.state("returned", "2024-01-01T10:00:00", "Unsubscribed", external_user_id=str(RETURNED))
BRAZE.state("returned", "2024-03-02T10:00:00", "Subscribed", external_user_id=str(RETURNED))
BRAZE.state("opted", "2024-03-02T10:00:00", "Opted In", external_user_id=str(OPTED))
BRAZE.state("repeated", "2024-03-01T10:00:00", "Unsubscribed", external_user_id=str(REPEATED))
BRAZE.state("repeated", "2024-03-09T10:00:00", "Unsubscribed", external_user_id=str(REPEATED))
BRAZE.state("lone", "2024-03-02T10:00:00", "Subscribed", email_address="lone@example.com")


def test_states_restated_by_braze_change_nothing(shop):
    assert consent(shop, *account(RESTATED)) == "unsubscribed"
    assert consents(shop, *account(REPEATED)) == [
        ("unsubscribed", "2024-03-01 10:00:00"),
        ("subscribed", "2024-03-05 10:00:00"),
    ]
    assert consent(shop, *account(RETURNED)) == consent(shop, *account(OPTED)) == "subscribed"
    assert consents(shop, *user("lone")) == [("unknown", "2024-03-02 10:00:00")], (
        "the default of a profile is no consent"
    )


# Subscription groups: the log of SMS; a topic says nothing, order updates are another purpose.

GROUP = {"channel": "sms", "phone_number": "+15550006", "email_address": "gus@example.com"}
BRAZE.state("gus", "2024-03-01T10:00:00", "Subscribed", group="marketing-sms", **GROUP)
BRAZE.state("gus", "2024-03-02T10:00:00", "Unsubscribed", group="simulated-order-updates", **GROUP)
BRAZE.state(
    "gus",
    "2024-03-03T10:00:00",
    "Unsubscribed",
    group="simulated-newsletter-topic",
    channel="email",
    email_address="gus@example.com",
)


def test_subscription_groups(shop):
    assert consents(shop, *user("gus"), channel="sms") == [("subscribed", "2024-03-01 10:00:00")]
    assert consent(shop, *user("gus"), channel="sms", purpose="transactional") == "unsubscribed"
    gus = customer(shop, *user("gus"))
    assert shop.sql(f"from marts.consents where customer_id = '{gus}' and channel = 'email'") == []


# STOP comes as a text. START takes it back, and a text that only contains the word says nothing.


def texter(name: str, phone: str, *texts: tuple[str, str], number_only: bool = False) -> None:
    BRAZE.state(
        name,
        "2024-03-01T10:00:00",
        "Subscribed",
        group="marketing-sms",
        channel="sms",
        phone_number=phone,
        email_address=f"{name}@example.com",
    )
    BRAZE.sms("send", name, "2024-03-02T10:00:00", f"t-{name}", to_phone_number=phone)
    for moment, body in texts:
        BRAZE.sms(
            "inboundreceive",
            None if number_only else name,
            moment,
            user_phone_number=phone,
            message_body=body,
            action="None",
        )


texter("stopper", "+15550007", ("2024-03-03T10:00:00", " Stop. "))
texter("starter", "+15550008", ("2024-03-03T10:00:00", "STOP"), ("2024-03-04T10:00:00", "Start"))
texter("talker", "+15550009", ("2024-03-03T10:00:00", "please do not stop writing"))
texter("nobody", "+15550010", ("2024-03-03T10:00:00", "STOP"), number_only=True)
BRAZE.sms(
    "inboundreceive",
    "talker",
    "2024-03-05T10:00:00",
    user_phone_number="+15550009",
    message_body="halt",
    action="Unsubscribed",
)


def test_replies(shop):
    assert consents(shop, *user("stopper"), channel="sms")[-1] == ("unsubscribed", "2024-03-03 10:00:00")
    assert consents(shop, *user("starter"), channel="sms")[-1] == ("subscribed", "2024-03-04 10:00:00")
    assert consents(shop, *user("talker"), channel="sms") == [
        ("subscribed", "2024-03-01 10:00:00"), ("unsubscribed", "2024-03-05 10:00:00"),
    ], "Braze's own reading counts"  # fmt: skip
    assert consents(shop, *user("nobody"), channel="sms")[-1] == ("unsubscribed", "2024-03-03 10:00:00")


# Of a phone number the digits are compared, however it was typed.

texter("caller", "+15550011", ("2024-03-03T10:00:00", "STOP"))
CALLER = SHOP.customer("account-of-caller@example.com", phone="+1 (555) 00-11")


def test_phones_are_the_same_however_they_are_typed(shop):
    assert consent(shop, *account(CALLER), channel="sms") == "unsubscribed"


# Messages that end in a refusal, and people who are deleted.

BRAZE.email("send", "una", "2024-03-01T10:00:00", "u1", email_address="una@example.com")
BRAZE.email("unsubscribe", "una", "2024-03-02T10:00:00", "u1", email_address="una@example.com")
BRAZE.email("send", "spam", "2024-03-01T10:00:00", "u1", email_address="spam@example.com")
BRAZE.email("markasspam", "spam", "2024-03-02T10:00:00", "u1", email_address="spam@example.com")
BRAZE.push("send", "della", "2024-03-01T10:00:00", "u2")
BRAZE.state("della", "2024-03-01T10:00:00", "Opted-In", channel="push", email_address="della@example.com")
BRAZE.event("userdeleterequest", "della", "2024-03-03T10:00:00")


def test_refusals_in_messages(shop):
    assert set(times(messages(shop, *user("una"))[0])) == {"sent", "unsubscribed"}
    assert set(times(messages(shop, *user("spam"))[0])) == {"sent", "complained"}
    assert consent(shop, *user("una")) == consent(shop, *user("spam")) == "unsubscribed"


def test_deleted_people_refuse_everything(shop):
    """Also where seeds/erasure_signals.csv does not have them forgotten, and with them what they agreed to."""
    refused = shop.sql(
        "select distinct channel, state from intermediate.int_consent_events__unioned"
        f" where occurred_at >= '2024-03-03' and source_record_id = '{user('della')[1]}' order by all"
    )
    assert {state for _, state in refused} == {"unsubscribed"}
    assert {channel for channel, _ in refused} >= {"email", "push", "sms"}
    assert consents(shop, *user("della"), channel="push") == []


def test_redacted_people_refuse_everything(shop):
    refused = "select state from intermediate.int_consent_events__unioned where source_record_id like '%:{}'"
    assert shop.sql(refused.format(SHOPIFY["redacted"])) == [("unsubscribed",)]


# Klaviyo: effective consent is SUBSCRIBED without a suppression; profiles do not move with every change, events do.

KLAVIYO.profile(
    "K3", email="k3@example.com", subscriptions={"email": marketing("SUBSCRIBED", "2024-02-01T10:00:00"), "sms": None}
)
KLAVIYO.profile("K4", email="k4@example.com", subscriptions={
    "email": marketing(
        "SUBSCRIBED", "2024-02-01T10:00:00", ("HARD_BOUNCE", "2024-01-01T10:00:00"), ("SPAM", "2024-01-02T10:00:00")
    ),
})  # fmt: skip
KLAVIYO.profile("K5", email="k5@example.com", subscriptions={"email": marketing("SUBSCRIBED", "2024-02-01T10:00:00")})
KLAVIYO.event("K5", "M5", "2024-03-05T10:00:00")
KLAVIYO.profile(
    "K6",
    email="k6@example.com",
    subscriptions={"email": marketing("NEVER_SUBSCRIBED"), "sms": marketing("UNSUBSCRIBED", "2024-02-01T10:00:00")},
)
KLAVIYO.profile("K7", "2024-02-01T10:00:00", email="k7@example.com", subscriptions={
    "email": marketing("SUBSCRIBED", "2024-01-01T10:00:00", ("USER_SUPPRESSED", "2024-01-15T10:00:00")),
})  # fmt: skip
KLAVIYO.profile(
    "K7",
    "2024-05-01T10:00:00",
    email="k7@example.com",
    subscriptions={"email": marketing("SUBSCRIBED", "2024-01-01T10:00:00")},
)
KLAVIYO.event("K3", "M10", "2024-04-05T10:00:00", **{"$message": "x"})
KLAVIYO.profile("K8", email="k8@example.com", subscriptions={"email": marketing("SUBSCRIBED", "2024-02-01T10:00:00")})
KLAVIYO.event("K8", "M11", "2024-02-01T10:00:00")


def test_klaviyo_consent(shop):
    assert consents(shop, *profile("K3")) == [
        ("subscribed", "2024-02-01 10:00:00"),
        ("unsubscribed", "2024-04-05 10:00:00"),
    ]
    assert consents(shop, *profile("K4")) == [("unsubscribed", "2024-02-01 10:00:00")], "the suppression is still there"
    assert messages(shop, *profile("K5")) == [], "whoever leaves from a form leaves no message"
    assert consents(shop, *profile("K5")) == [
        ("subscribed", "2024-02-01 10:00:00"),
        ("unsubscribed", "2024-03-05 10:00:00"),
    ]
    assert consent(shop, *profile("K6")) == "unknown" and consent(shop, *profile("K6"), channel="sms") == "unsubscribed"
    assert consents(shop, *profile("K8")) == [("unsubscribed", "2024-02-01 10:00:00")], (
        "a refusal beats a consent of the same instant"
    )


def test_klaviyo_suppression_that_was_lifted(shop, earlier):
    assert consents(shop, *profile("K7")) == [
        ("unsubscribed", "2024-01-15 10:00:00"),
        ("subscribed", "2024-05-01 10:00:00"),
    ]
    assert consents(earlier, *profile("K7")) == [("unsubscribed", "2024-01-15 10:00:00")]


# Sources speak about one person: the latest explicit word holds. Two addresses: the strictest.

LATEST = refuser("latest", "2024-02-01T10:00:00Z")
KLAVIYO.profile(
    "K9",
    email="Latest@example.com",
    external_id=str(LATEST),
    subscriptions={"email": marketing("SUBSCRIBED", "2024-03-01T10:00:00")},
)
SEVERAL = refuser("several", "2024-02-01T10:00:00Z")
KLAVIYO.profile(
    "K10",
    email="other@example.com",
    external_id=str(SEVERAL),
    subscriptions={"email": marketing("SUBSCRIBED", "2024-03-01T10:00:00")},
)
BOTH = refuser("both", "2024-02-01T10:00:00Z", "subscribed")
KLAVIYO.profile(
    "K11",
    email="both2@example.com",
    external_id=str(BOTH),
    subscriptions={"email": marketing("UNSUBSCRIBED", "2024-03-01T10:00:00")},
)
KLAVIYO.event("K11", "M1", "2024-03-01T09:00:00", **{"$message": "x"})
BARILLIANCE.add("optout_emails", email="both@example.com", from_date="2024-01-01", to_date="2024-01-31")


def test_latest_word_holds(shop):
    assert consents(shop, *account(LATEST)) == [
        ("unsubscribed", "2024-02-01 10:00:00"),
        ("subscribed", "2024-03-01 10:00:00"),
    ]


def test_of_several_addresses_the_strictest_holds(shop):
    assert consents(shop, *account(SEVERAL)) == [("unsubscribed", "2024-02-01 10:00:00")]
    assert consents(shop, *account(BOTH)) == [
        ("unsubscribed", "2024-02-01 04:59:59"), ("subscribed", "2024-02-01 10:00:00"),
        ("unsubscribed", "2024-03-01 10:00:00"),
    ]  # fmt: skip


# A refusal holds for everybody who uses the address; a consent does not, and a collected address is none.

HOUSE, HOME = refuser("house", "2024-02-01T10:00:00Z"), SHOP.customer("House@example.com")
GIVEN, TAKEN = refuser("given", "2024-02-01T10:00:00Z", "subscribed"), SHOP.customer("given@example.com")
COLLECTED = SHOP.customer("collected@example.com")
BARILLIANCE.add("collected_emails", email="collected@example.com", from_date="2024-01-01", to_date="2024-01-31")


def test_refusals_hold_for_an_address(shop):
    assert consent(shop, *account(HOME)) == consent(shop, *account(HOUSE)) == "unsubscribed"
    assert (consent(shop, *account(GIVEN)), consent(shop, *account(TAKEN))) == ("subscribed", "unknown")
    assert consents(shop, *account(COLLECTED)) == []


# What an id of a tool means is the shop's choice.

KLAVIYO.profile("K12", email=None, external_id="chosen@example.com")
KLAVIYO.profile("K13", email="chosen@example.com", external_id=None)


def test_external_ids_are_what_the_shop_says(shop, earlier):
    assert customer(shop, *profile("K12")) is None
    assert customer(earlier, *profile("K12")) == customer(earlier, *profile("K13")) is not None


def test_intervals_meet_and_alternate(shop):
    assert shop.sql("""
        select * from (
            select *, lag(valid_to) over known as previous_to, lag(state) over known as previous_state,
                row_number() over known as n
            from marts.consents window known as (partition by customer_id, channel, purpose order by valid_from)
        ) where n > 1 and (previous_to is distinct from valid_from or previous_state = state)
    """) == []  # fmt: skip
    assert shop.one("select count(*) from marts.consents where valid_to is null") == shop.one(
        "select count(distinct (customer_id, channel, purpose)) from marts.consents"
    )


def test_addresses_stay_out_of_ids(shop):
    for table in ("messages", "consents", "reviews", "customer_records"):
        assert not [row for row in shop.sql(f"from marts.{table}") if "@" in str(row)], table
