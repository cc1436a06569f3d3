"""The 360 of marts.customers, worked out by hand: a shop in Berlin, looked at as of 30 June 2024.

Rows are written beside the test that reads them. The last 90 days begin on 2 April, the last 180 on 3 January, the last
365 on 2 July 2023, each at midnight in Berlin.
"""

import json
import shutil
from datetime import date

import duckdb
import pytest
from conftest import Raw, Warehouse, build, sale, write_sales
from messaging import Braze, Tool
from service import AfterShip, Gorgias, Recharge, Reviews
from shopify import Shop, goods, line, write_shops

from benchmarks.__main__ import models_in_order

SHOP = Shop()
SHOP.settings("Europe/Berlin")
BRAZE, SEGMENT, REVIEWS = Braze(), Tool("segment", loaded_column="received_at"), Reviews()
RECHARGE, AFTERSHIP, GORGIAS = Recharge(), AfterShip(), Gorgias()
BARILLIANCE = Tool("barilliance", types={"time": "varchar"})
TOOLS = (BRAZE, SEGMENT, REVIEWS, RECHARGE, AFTERSHIP, GORGIAS, BARILLIANCE)

ROSE = 'Say "Rose"'
for number, (title, kind, brand) in enumerate(
    [("Milk Tea", "Tea", "Kitano"), (ROSE, "Make-up", "Aurelle"), ("Candle", "Home", "Kitano")], start=1
):
    SHOP.product(7000 + number, title, vendor=brand, product_type=kind)
    SHOP.variant(8000 + number, 7000 + number, sku=f"SKU-{number}")


def stated(state: str, at: str = "2024-02-01T10:00:00Z") -> str:
    return json.dumps({"state": state, "opt_in_level": "single_opt_in", "consent_updated_at": at})


ANN = SHOP.customer("ann@example.com", email_marketing_consent=stated("subscribed"))
BOB, CY, DEE, EVE = (SHOP.customer(f"{name}@example.com") for name in ("bob", "cy", "dee", "eve"))
PEOPLE = {"ann": ANN, "bob": BOB, "cy": CY, "dee": DEE, "eve": EVE}


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Warehouse:
    """With all dbt tests."""
    raw = write_shops(Raw(tmp_path_factory.mktemp("customer_360") / "raw"), SHOP)
    write_sales(raw, [TILL])
    for tool in TOOLS:
        tool.write(raw)
    warehouse = build(raw, raw.folder.parent, with_tests=True, must_pass=False)
    assert warehouse.failures == [], warehouse.log
    return warehouse


def query(who: str, *columns: str) -> str:
    return (
        f"select {', '.join(columns)} from marts.customers join marts.customer_records using (customer_id)"
        f" where source_record_type = 'customer' and source_record_id = 'demo:{PEOPLE[who]}'"
    )


def of(shop: Warehouse, who: str, *columns: str):
    (found,) = shop.sql(query(who, *columns))
    return found[0] if len(columns) == 1 else found


# Orders. Berlin is an hour before UTC in winter and two in summer.

SHOP.order(
    line(1, 150, variant_title="Less sugar", properties=[
        {"name": "Sugar", "value": "less sugar"}, {"name": "Engraving", "value": "For my Ann"},
        {"name": "_bundle", "value": "b-17"}, {"name": "Moon phase", "value": "Full"},
    ]),
    customer=ANN, at="2023-06-01T18:30:00Z",
)  # fmt: skip
SHOP.order(
    line(1, 200, variant_title="less sugar", properties=[{"name": "Ice-level:", "value": " No ice "}]),
    line(2, 100, variant_title="Rose / 5 ml"),
    customer=ANN, at="2024-03-01T18:10:00Z",
)  # fmt: skip
PARTLY = SHOP.order(
    line(2, 100, variant_title="Rose / 5 ml"), line(3, 50), customer=ANN, at="2024-05-05T17:20:00Z"
)  # fmt: skip
SHOP.refund(PARTLY, goods(3, 50), paid=50, at="2024-05-10T10:00:00Z")
SHOP.order(line(3, 900), customer=ANN, at="2024-05-06T08:00:00Z", cancelled_at="2024-05-06T09:00:00Z")
SHOP.order(line(2, 399.99), customer=BOB, at="2024-02-10T11:00:00Z")
TILL = sale(
    1, "2024-01-10 12:00:00", 20, "L1", customer_email="bob@example.com", sku="SKU-1", _loaded_at="2024-01-11 02:00:00"
)
OF_DEE = SHOP.order(line(1, 20), customer=DEE, at="2024-03-01T12:00:00Z", name="#5001")
for day in range(1, 9):
    SHOP.order(line(1, 10), customer=EVE, at=f"2024-04-{day:02}T12:00:00Z")


def test_a_vip_spent_or_ordered_enough(shop):
    """Ann 400 without what is older, was given back or cancelled; Bob 419.99; Dee 20; Eve eight times 10."""
    assert [of(shop, who, "is_vip") for who in PEOPLE] == [True, True, False, False, True]
    assert of(shop, "ann", "order_count", "net_revenue", "purchase_stage", "activity_state") == (
        3, 550, "repeat", "active",
    )  # fmt: skip


def test_likings_are_counted_in_lines_that_were_kept(shop):
    """Two lines of tea and two of make-up: the later ones. The candle was given back, the second one cancelled."""
    columns = ("preferred_category", "preferred_category_lines", "preferred_brand", "preferred_brand_lines")
    assert of(shop, "ann", *columns) == ("Make-up", 2, "Aurelle", 2)
    assert of(shop, "eve", *columns) == ("Tea", 8, "Kitano", 8)
    assert of(shop, "cy", *columns) == (None, None, None, None)


def test_an_article_of_a_till_is_that_of_the_catalogue(shop):
    """One of each: the lipstick was later. With the till's tea alone it would be tea."""
    assert of(shop, "bob", "preferred_category", "preferred_category_lines") == ("Make-up", 1)
    assert shop.one("select category from marts.order_lines where order_id like 'pos:%'") == "Tea"


def test_options_are_counted_and_nobodys_words_are_read(shop):
    """
    Less sugar twice, whatever its case and although its property says it again; of equals the later ones. Neither what
    is engraved, nor a property of an app, nor one that nobody mapped.
    """
    assert of(shop, "ann", "option_preferences") == '{"5 ml": 2, "Rose": 2, "Less sugar": 2, "ice: No ice": 1}'
    assert of(shop, "eve", "option_preferences") == "{}"
    unmapped = shop.sql("select value, row_count from quality.unmapped_values where seed_name = 'option_names'")
    assert unmapped == [("moon phase", 1)]


# Visits.


def event(who: str | None, at: str, name: str = "product_viewed", device: str | None = None, **more) -> None:
    table = "pages" if name == "page" else name
    more |= {"url": "https://www.demo.example/", "path": "/"} if name == "page" else {"event": name}
    SEGMENT.add(
        table, id=f"{name}-{sum(map(len, SEGMENT.rows.values()))}", anonymous_id=device or f"{who}'s", timestamp=at,
        user_id=None if who is None else str(PEOPLE[who]), received_at=at, sent_at=at, **more,
    )  # fmt: skip


FROM_SEARCH = {"referrer": "https://www.google.com/"}
event("ann", "2023-05-30T10:00:00Z", "page", **FROM_SEARCH)
event("ann", "2024-04-01T20:00:00Z")
event("ann", "2024-04-01T22:30:00Z")
event("ann", "2024-06-30T21:30:00Z", "page", context_campaign_medium="email", context_campaign_source="braze")
event("ann", "2024-06-30T21:31:00Z")
event("ann", "2024-06-30T21:32:00Z")
event("ann", "2024-06-30T21:33:00Z", "product_added")
event("ann", "2024-06-30T22:30:00Z")
event("bob", "2024-02-20T10:00:00Z", "page", **FROM_SEARCH)
event("bob", "2024-02-20T10:00:30Z", "product_added")
event("cy", "2024-05-01T10:00:00Z", "page", context_campaign_medium="cpc")
event("cy", "2024-05-02T10:00:00Z", "page")
event("dee", "2024-03-01T12:00:30Z", "page", referrer="https://www.facebook.com/")
event("dee", "2024-03-01T12:00:40Z", "order_completed", order_id=str(OF_DEE))
event(None, "2024-06-01T10:00:00Z", device="of somebody")


def test_what_was_looked_at_in_the_last_90_days_of_berlin(shop):
    """Ann's view of 22:00 on 1 April is too old, that of half past midnight is not. Her last one is after the cut."""
    columns = ("last_product_viewed_on", "product_views_90d", "last_cart_added_on", "cart_adds_90d")
    assert of(shop, "ann", *columns) == (date(2024, 6, 30), 3, date(2024, 6, 30), 1)
    assert of(shop, "bob", *columns) == (None, 0, date(2024, 2, 20), 0)
    assert of(shop, "eve", *columns) == (None, 0, None, 0)


def test_what_brought_them(shop):
    """
    Ann's first visit; Bob bought at the till before his; Cy never bought; Dee's visit began while she bought; Eve was
    never seen.
    """
    assert [of(shop, who, "acquisition_source") for who in PEOPLE] == [
        "organic_search", None, "paid_search", "organic_social", None,
    ]  # fmt: skip


def test_the_hour_is_the_persons_own_choice(shop):
    """Ann ordered twice at seven in the evening of Berlin; Eve eight times at two; Bob's till has opening hours."""
    columns = ("preferred_hour", "preferred_hour_days")
    assert of(shop, "ann", *columns) == (19, 2)
    assert of(shop, "eve", *columns) == (14, 8)
    # Bob ordered at noon and came at eleven, once each: the later one.
    assert of(shop, "bob", *columns) == (11, 1)


# Messages.


def sent(who: str, channel: str, dispatch: str, at: str, opened: str | None = None, clicked: str | None = None, **more):
    """A message and what the person did with it."""
    address = {"email_address": f"{who}@example.com"} if channel == "email" else {}
    tell = getattr(BRAZE, channel)
    ids = {"external_user_id": str(PEOPLE[who])}
    tell("send", who, at, dispatch, **address, **ids)
    if opened:
        tell("open", who, opened, dispatch, **address, **more)
    if clicked:
        tell("shortlinkclick" if channel == "sms" else "click", who, clicked, dispatch)


sent("ann", "email", "e1", "2024-03-30T10:00:00", "2024-03-30T11:00:00", "2024-04-01T22:00:00")
sent("ann", "email", "e2", "2024-06-01T10:00:00", "2024-06-20T10:00:00", machine_open="true")
sent("ann", "email", "e3", "2024-06-10T10:00:00", "2024-06-11T22:30:00")
sent("ann", "sms", "s1", "2024-05-01T10:00:00", clicked="2024-05-01T12:00:00")
for number in range(5):
    at = f"2024-06-{10 + number}T1"
    sent("bob", "email", f"b{number}", f"{at}0:00:00", f"{at}1:00:00", f"{at}2:00:00" if number < 3 else None)
sent("bob", "sms", "b9", "2024-05-01T10:00:00", clicked="2024-05-01T12:00:00")
sent("cy", "push", "c1", "2024-05-01T10:00:00", "2024-05-01T11:00:00")
sent("cy", "email", "c2", "2024-05-02T10:00:00")
sent("dee", "email", "d1", "2024-05-02T10:00:00")


def test_opens_by_people_and_clicks(shop):
    columns = ("last_opened_on", "opens_90d", "last_clicked_on", "clicks_90d")
    assert of(shop, "ann", *columns) == (date(2024, 6, 12), 1, date(2024, 5, 1), 2)
    assert of(shop, "bob", *columns) == (date(2024, 6, 14), 5, date(2024, 6, 12), 4)
    assert of(shop, "dee", *columns) == (None, 0, None, 0)
    assert of(shop, "eve", *columns) == (None, 0, None, 0)


def test_the_channel_that_is_answered(shop):
    """
    With three more messages in each: Ann clicked 1 of 3 + 3 e-mails and 1 of 1 + 3 SMS, Bob 3 of 5 + 3 and 1 of 1 + 3;
    Cy clicked nothing and opened a push.
    """
    columns = ("preferred_channel", "preferred_channel_answers")
    assert of(shop, "ann", *columns) == ("sms", 1)
    assert of(shop, "bob", *columns) == ("email", 5)
    assert of(shop, "cy", *columns) == ("push", 1)
    assert of(shop, "dee", *columns) == (None, None)


BRAZE.state("bob", "2024-03-01T10:00:00", "Subscribed", channel="push", group="g1")
BRAZE.state("bob", "2024-03-02T10:00:00", "Unsubscribed", channel="sms", group="g2")
BRAZE.state("ann", "2024-07-02T10:00:00", "Unsubscribed", email_address="ann@example.com")


def test_consents_are_those_of_the_day(shop):
    columns = ("email_consent", "sms_consent", "push_consent")
    assert of(shop, "ann", *columns) == ("subscribed", "unknown", "unknown")
    assert of(shop, "bob", *columns)[1] == "unsubscribed"
    assert of(shop, "eve", *columns) == ("unknown", "unknown", "unknown")


# Satisfaction.


def review(number: int, who: str, score: int, at: str) -> None:
    REVIEWS.review(number, f"{who}@example.com", score, at, 7001)


def survey(number: int, who: str, score: int | None, at: str) -> None:
    GORGIAS.ticket(number, f"{who}@example.com", at)
    GORGIAS.survey(number, score, at)


def parcel(key: str, who: str, promised: str, *scans: tuple[str, str]) -> None:
    AFTERSHIP.tracking(key, f"{who}@example.com", promised, *scans)


review(1, "ann", 5, "2024-02-01T10:00:00")
review(2, "ann", 4, "2024-02-02T10:00:00")
survey(11, "ann", 2, "2024-05-11T10:00:00")
survey(12, "ann", None, "2024-05-12T10:00:00")
UNDERWAY = ("2024-03-04T08:00:00", "InTransit")
parcel("p-late", "bob", "2024-03-10", UNDERWAY, ("2024-03-12T09:00:00", "Delivered"))
parcel("p-late-too", "bob", "2024-03-10", UNDERWAY, ("2024-03-11T09:00:00", "Delivered"))
parcel("p-punctual", "eve", "2024-03-10", UNDERWAY, ("2024-03-10T09:00:00", "Delivered"))
parcel("p-unscanned", "eve", "2024-03-10")
AFTERSHIP.add(
    "returns", id="r1", rma_number="R1", created_at="2024-05-08T10:00:00Z", approved_at=None,
    order=json.dumps({"external_id": str(PARTLY), "customer": {"emails": ["ann@example.com"]}}),
    return_items=json.dumps([{"id": "a", "return_reason": "Too small", "return_quantity": 1}]),
)  # fmt: skip
review(3, "cy", 4, "2024-01-02T23:30:00")
review(4, "dee", 3, "2024-06-01T10:00:00")
review(5, "eve", 1, "2024-01-02T22:30:00")


def test_satisfaction_and_its_evidence(shop):
    """Cy's review is of 3 January in Berlin; Eve's bad one of the day before, and nobody scanned her other parcel."""
    columns = ("satisfaction_state", "satisfaction_evidence")
    assert of(shop, "ann", *columns) == ("mixed", '{"bad_csat": 1, "good_review": 2, "return": 1}')
    assert of(shop, "bob", *columns) == ("dissatisfied", '{"late_parcel": 2}')
    assert of(shop, "cy", *columns) == ("satisfied", '{"good_review": 1}')
    assert of(shop, "dee", *columns) == ("mixed", '{"fair_review": 1}')
    assert of(shop, "eve", *columns) == ("unknown", None)


# Subscriptions.

BOBS = RECHARGE.customer(BOB, "bob@example.com")
for variant, ended in ((8001, None), (8002, None), (8001, None), (8003, "2024-05-01T10:00:00")):
    RECHARGE.subscription(BOBS, variant, "2024-01-20T10:00:00", ended)


def test_subscriptions_that_run(shop):
    count, families = of(shop, "bob", "active_subscription_count", "subscribed_product_families")
    assert (count, json.loads(families)) == (3, ["Milk Tea", ROSE])
    assert of(shop, "ann", "active_subscription_count", "subscribed_product_families") == (0, "[]")


# What is absent is not fine: null or unknown, never 0.

BARILLIANCE.add("sent_emails", time="2024-06-15 10:00:00", email="eve@example.com", email_type="61")

NEEDS = {
    "segment": ("product_views_90d", "cart_adds_90d", "last_product_viewed_on", "last_cart_added_on"),
    "braze": ("opens_90d", "clicks_90d", "last_opened_on", "last_clicked_on", "preferred_channel"),
    "recharge": ("active_subscription_count", "subscribed_product_families"),
    "shopify": ("option_preferences", "preferred_category", "preferred_brand"),
}
COUNTS = {system: names[:2] for system, names in NEEDS.items() if system != "shopify"}
STATES = ("satisfaction_state", "email_consent", "sms_consent", "push_consent")


@pytest.fixture
def without(shop, tmp_path):
    """marts.customers, built again on core marts from which systems are gone; `left` are those that stay."""

    def rebuilt(*left: str) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(shutil.copy(shop.database, tmp_path))
        gone = f"not in {(*left, '')}"
        connection.execute(f"delete from marts.consents where source {gone}")
        for (table,) in connection.execute(
            "select table_schema || '.' || table_name from information_schema.columns join information_schema.tables"
            " using (table_schema, table_name) where column_name = 'source_name' and table_type = 'BASE TABLE'"
            " and (table_schema = 'marts' or table_name = 'int_identity__records')"
        ).fetchall():
            connection.execute(f"delete from {table} where source_name {gone}")
        connection.execute("delete from marts.order_lines where order_id not in (select order_id from marts.orders)")
        if "shopify" not in left:
            connection.execute("update marts.order_lines set category = null, brand = null")
        for model in models_in_order(shop.target.parent):
            if model["path"].startswith("intermediate/customers/") or model["name"] == "customers":
                name = f"{model['schema']}.{model['name']}"
                connection.execute(f"create or replace table {name} as {model['compiled_code']}")
        return connection

    return rebuilt


def test_a_till_alone_knows_orders_and_nothing_else(without):
    columns = [column for names in NEEDS.values() for column in names]
    columns += ["acquisition_source", "satisfaction_evidence", "preferred_hour", *STATES, "order_count", "source_count"]
    with without("pos") as pos:
        found = pos.execute(f"select {', '.join(columns)} from marts.customers").fetchall()
    unknown = (None,) * (len(columns) - len(STATES) - 2)
    assert found == [(*unknown, *("unknown",) * len(STATES), 1, 1)]


@pytest.mark.parametrize("system", COUNTS)
def test_without_its_system_a_count_is_null_and_the_others_are_not(without, system):
    left = {"pos", "shopify", "yotpo", "gorgias", "aftership", *COUNTS} - {system}
    wanted = [name for names in COUNTS.values() for name in names]
    with without(*sorted(left)) as connection:
        counts = ", ".join(f"count({name})" for name in wanted)
        people, *known = connection.execute(f"select count(*), {counts} from marts.customers").fetchone()
    assert people > 4
    assert known == [0 if name in COUNTS[system] else people for name in wanted]


def test_a_tool_that_tells_only_what_it_sent_knows_no_opens(without):
    with without("pos", "shopify", "barilliance") as connection:
        assert connection.execute("select count(*) from marts.messages").fetchall() == [(1,)]
        assert connection.execute("select count(opens_90d), count(clicks_90d) from marts.customers").fetchall() == [
            (0, 0)
        ]


# The simulated shop, whose people have a favourite category by which they choose most of their lines.


def test_the_favourite_category_is_found(simulated):
    """
    A person's lines fall into the favourite with 40 to 90 % and else anywhere; with ten lines there is hardly a doubt.
    A category is known of as many people as have bought anything.
    """
    ((people, right, sure, sure_right),) = simulated.sql(
        """
        with ours as (
            select truth.people.person_id, any_value(favourite_category) as favourite,
                any_value(preferred_category) as found, any_value(preferred_category_lines) as lines
            from marts.customers
            join marts.customer_records using (customer_id)
            join truth.records using (source_name, source_record_type, source_record_id)
            join truth.people on truth.people.person_id = truth.records.person_id
            where order_count > 0 and not is_household
            group by truth.people.person_id
            having count(distinct customer_id) = 1
        )
        select count(found), count(*) filter (where found = favourite), count(*) filter (where lines >= 10),
            count(*) filter (where lines >= 10 and found = favourite)
        from ours
        """
    )
    assert people > 5_000 and sure > 300
    assert right / people > 0.7
    assert sure_right / sure > 0.97


def test_everybody_has_a_stage_and_a_state_of_mind(simulated):
    ((people, known, buyers, tasteful),) = simulated.sql(
        """
        select count(*), count(purchase_stage), count(*) filter (where order_count > 0),
            count(preferred_category) filter (where order_count > 0)
        from marts.customers
        """
    )
    assert people == known
    assert tasteful / buyers > 0.9
