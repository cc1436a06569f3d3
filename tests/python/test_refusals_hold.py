"""Refusals that are easily lost: undated, of another tool, of a number written otherwise, of a whole channel."""

import json

import pytest
from conftest import Raw, Warehouse, build
from messaging import Braze, Klaviyo, Tool, marketing
from shopify import Shop, line, write_shops

SHOP, KLAVIYO, BRAZE, SEGMENT = Shop(), Klaviyo(), Braze(), Tool("segment", loaded_column="received_at")
PEOPLE: dict[str, int] = {}


def account(name: str, state: str = "subscribed", at: str | None = "2023-06-01T10:00:00Z") -> str:
    consent = {"state": state, "opt_in_level": "single_opt_in", "consent_updated_at": at}
    PEOPLE[name] = SHOP.customer(f"{name}@example.com", email_marketing_consent=json.dumps(consent))
    return str(PEOPLE[name])


def suppressed(name: str, *suppressions: tuple[str, str | None]) -> None:
    said = marketing("SUBSCRIBED", "2023-01-01T10:00:00", *suppressions)
    for each in said["marketing"]["suppressions"]:
        each["timestamp"] = None if "None" in each["timestamp"] else each["timestamp"]
    KLAVIYO.profile(
        name,
        "2024-06-01T10:00:00",
        external_id=account(name),
        email=f"{name}@example.com",
        subscriptions={"email": said},
    )


suppressed("undated_suppression", ("USER_SUPPRESSED", None))
suppressed("standing_suppression", ("HARD_BOUNCE", "2023-01-15T10:00:00"))
KLAVIYO.profile(
    "future",
    "2024-06-01T10:00:00",
    external_id=account("future_refusal"),
    email="future_refusal@example.com",
    subscriptions={"email": marketing("UNSUBSCRIBED", "2999-06-01T10:00:00")},
)
BRAZE.state("global", "2024-01-05T10:00:00", "Unsubscribed", external_user_id=account("group_after_global"))
BRAZE.state("global", "2024-03-05T10:00:00", "Subscribed", group="weekly")
BRAZE.state(
    "unplaced",
    "2024-03-01T10:00:00",
    "Subscribed",
    channel=None,
    group="no-channel",
    external_user_id=account("unplaced", "x", None),
)

NUMBERS = {"other_spelling": "+15550020001", "known_by_group": "+15550020002", "with_a_mark": "+15550020003"}
for user, number in NUMBERS.items():
    number_of_account = account(user, "not_subscribed", None)
    for group in ("marketing-sms", "simulated-order-updates"):
        known = {"external_user_id": number_of_account, "phone_number": number}
        BRAZE.state(user, "2024-03-01T10:00:00", "Subscribed", channel="sms", group=group, **known)
BRAZE.sms("send", "other_spelling", "2024-03-02T10:00:00", "d1", to_phone_number=NUMBERS["other_spelling"])
for user, number, text in (
    (None, "15550020001", "STOP"),
    (None, "+15550020002", "STOP"),
    ("with_a_mark", "+15550020003", '"Stop!"'),
):
    BRAZE.sms("inboundreceive", user, "2024-03-03T10:00:00", user_phone_number=number, message_body=text, action="None")

AT = {"timestamp": "2024-03-01 10:00:00", "received_at": "2024-03-01 10:00:00"}
for number, user in enumerate(("Seg@Example.com", "seg@example.com")):
    SEGMENT.add(
        "pages", id=f"p{number}", anonymous_id="b", user_id=user, path="/apps/track/jane.doe%40example.com", **AT,
        context_campaign_source="jane@example.com",
    )  # fmt: skip
SEGMENT.add("product_added", id="a1", anonymous_id="b", quantity="4006381333931", price="19.99", **AT)


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Warehouse:
    folder = tmp_path_factory.mktemp("refusals")
    SHOP.order(line(1, 10), customer=next(iter(PEOPLE.values())))
    raw = write_shops(Raw(folder / "raw"), SHOP)
    for tool in (KLAVIYO, BRAZE, SEGMENT):
        tool.write(raw)
    return build(raw, folder, {"segment_user_id": "email"}, with_tests=True)


def states(shop: Warehouse, channel: str, record_type: str, record: str) -> dict[str, str]:
    return dict(
        shop.sql(
            f"""
            select purpose, state from marts.consents
            join marts.customer_records as records using (customer_id)
            where valid_to is null and channel = '{channel}' and source_record_type = '{record_type}'
                and (source_record_id = '{record}' or source_record_id like '%:{record}')
            """
        )
    )


@pytest.mark.parametrize(
    "name", ["undated_suppression", "standing_suppression", "future_refusal", "group_after_global"]
)
def test_a_refusal_of_e_mail_stands(shop, name):
    assert states(shop, "email", "customer", PEOPLE[name])["marketing"] == "unsubscribed"


def test_a_group_without_a_channel_is_no_consent_to_e_mail(shop):
    assert "subscribed" not in states(shop, "email", "customer", PEOPLE["unplaced"]).values()


@pytest.mark.parametrize("user", NUMBERS)
def test_stop_ends_all_texts(shop, user):
    assert states(shop, "sms", "user", user) == {"marketing": "unsubscribed", "transactional": "unsubscribed"}


def test_an_address_is_one_user_however_it_is_written(shop):
    assert shop.one("select count(*) from marts.customer_records where source_name = 'segment'") == 1


def test_no_address_of_a_page_reaches_a_mart(shop):
    rows = shop.sql("select landing_path, campaign_source from marts.web_sessions order by all")
    assert ("/apps/track/-", None) in rows
    assert "example" not in str(rows)


def test_the_build_passes_its_own_tests(shop):
    assert shop.failures == []
