"""
One shop, landed by Airbyte and by Fivetran: every mart must be the same.

The shop is written once, as Airbyte's rows, and taken apart into Fivetran's tables here. Relations of one's own, the
third way in, are at the end.
"""

import json
import re
from collections import defaultdict
from datetime import UTC, datetime

import duckdb
import pytest
from conftest import BuildFailed, Raw, Warehouse, build, differences, run_dbt
from shopify import Shop, adjustment, goods, line, tip, write_shops

from simulator.settings import Settings
from simulator.shop import simulate

LOADED = "2024-07-01T04:00:00Z"
AS_OF = {"as_of": "2024-06-20"}


def the_shop() -> Shop:
    """One of everything that the loaders land differently."""
    shop = Shop(url="demo")
    shop.settings("America/New_York")
    ann = shop.customer("ann@example.com", tags="vip, early", phone="+4930123")
    shop.rows["customers"][0]["email_marketing_consent"] = json.dumps(
        {"state": "subscribed", "opt_in_level": "single_opt_in", "consent_updated_at": "2024-01-02T10:00:00Z"}
    )
    bob = shop.customer(None, verified_email=False)
    shop.product(7001, "Soap", product_type="Bath")
    shop.product(7002, 'A "gift" card', is_gift_card=True)
    shop.variant(8001, 7001)
    shop.variant(8002, 7002)
    plain = shop.order(line(1, 20, 2, discounts=[5, 2.5], tax=3.2), line(2, 7.35), customer=ann, shipping=4.9)
    shop.rows["orders"][-1] |= {"tags": "VIP, Wholesale inquiry", "email": "ann@example.com"}
    shop.rows["orders"][-1]["discount_codes"] = json.dumps([{"code": "TEN", "amount": "5.00", "type": "fixed_amount"}])
    inside = shop.order(line(11, 120, tax=20, discounts=[60]), customer=ann, taxes_included=True, total_tax=20.0)
    shop.order(line(21, 30, total_discount=4.0), email="guest@example.com", at="2024-03-09T23:30:00-05:00")
    shop.order(line(31, 50, gift_card=True, product_id=7002, variant_id=8002), line(32, 15), customer=bob)
    shop.order(line(41, 25), tip(42, 3.59), customer=bob, total_tip_received=3.59)
    shop.order(line(51, 25), line(52, 4, product_id=None, title="Tip"), customer=bob)
    shop.order(line(61, 20, sku="", title='He said "no", \\ and {left}'), customer=ann, test=True)
    cancelled = shop.order(line(71, 20), customer=ann, cancelled_at="2024-03-05T10:00:00Z")
    shop.fulfillment(cancelled, at="2024-03-04T18:00:00Z", tracking_number="T1", tracking_company="UPS")
    shop.order(line(81, 20), customer=bob, source_name="pos", location_id=5, shipping_address=None, shipping=0)
    shop.order(line(91, 20), customer=bob, tags="Subscription, Subscription Recurring Order")
    shop.order(line(101, 20) | {"price": "a few"}, customer=bob)
    shop.order(line(111, 20), customer=bob, currency="USD")
    deleted = shop.order(line(121, 20), customer=bob)
    later = shop.order(line(131, 20), customer=ann, at="2024-05-01T10:00:00Z")
    shop.tombstone(deleted, "2024-06-01T04:00:00Z", _airbyte_extracted_at="2024-06-01T04:00:00Z")
    shop.tombstone(later, LOADED)
    shop.order(customer=bob)
    voided = shop.order(line(141, 20), customer=bob, financial_status="voided")
    shop.transaction(voided, "authorization", 20)
    shop.transaction(voided, "void", 20)
    shop.refund(plain, goods(1, 16.25, tax=1.6), adjustment(-4.9, "shipping_refund"), paid=21.15)
    shop.refund(plain, adjustment(-2), paid=2, at="2024-05-10T10:00:00Z")
    shop.refund(inside, goods(11, 60, tax=10), at="2024-04-01T10:00:00Z")
    shop.add("locations", {"name": "Main Street", "country_code": "US", "active": True, "id": 5})
    checkout = {"created_at": "2024-05-01T10:00:00Z", "updated_at": "2024-05-01T10:00:00Z", "email": "left@example.com"}
    shop.add("abandoned_checkouts", checkout | {"completed_at": None, "total_price": 30.0, "token": "t1"})
    shop.add("discount_codes", {"code": "ten", "usage_count": "3", "updated_at": "2024-05-01T10:00:00Z"})
    emails = {customer["id"]: customer["email"] for customer in shop.rows["customers"]}
    for row in shop.rows[
        "orders"
    ]:  # Fivetran has no copy of the account inside the order that could say something else
        if row.get("customer"):
            number = json.loads(row["customer"])["id"]
            row["customer"] = json.dumps({"id": number, "email": emails[number]})
    return shop


def as_fivetran(shop: Shop) -> dict[str, list[dict]]:
    """The same rows as Fivetran's connector writes them: singular tables, no JSON, UTC without an offset."""
    rows = shop.rows
    deleted = {row["id"]: row for row in rows["orders"] if row.get("deleted_at")}
    tables: dict[str, list[dict]] = defaultdict(list)
    tables["transaction"] = [plain(row) | {"refund_id": None} for row in rows["transactions"]]
    for order in rows["orders"]:
        if order.get("deleted_at"):
            continue
        gone = deleted.get(order["id"])
        head = plain(gone or {}) | plain(order, "line_items", "customer", "shipping_address", "tags", "discount_codes")
        tables["order"].append(
            head
            | {
                "customer_id": (json.loads(order["customer"] or "null") or {}).get("id"),
                "shipping_address_country_code": json.loads(order["shipping_address"] or "{}").get("country_code"),
                "_fivetran_deleted": gone is not None,
                "_fivetran_synced": naive((gone or order)["_airbyte_extracted_at"]),
            }
        )
        for each in json.loads(order["line_items"]):
            synced = {"_fivetran_synced": naive(LOADED)}
            tables["order_line"].append(
                {key: value for key, value in each.items() if key not in ("discount_allocations", "tax_lines", "tip")}
                | {"order_id": order["id"], "properties": json.dumps(each["properties"])}
                | synced
            )
            for table, name, amount in (
                ("tax_line", "tax_lines", "price"),
                ("discount_allocation", "discount_allocations", "amount"),
            ):
                for index, part in enumerate(each[name]):
                    owner = {"order_line_id": each["id"], "index": index}
                    tables[table].append(owner | {amount: float(part[amount])} | synced)
        for index, part in enumerate(json.loads(order["discount_codes"])):
            tables["order_discount_code"].append({"order_id": order["id"], "index": index} | part | synced)
        for index, tag in enumerate(filter(None, order["tags"].split(", "))):
            tables["order_tag"].append({"order_id": order["id"], "index": index, "value": tag} | synced)
    for refund in rows["order_refunds"]:
        synced = {"_fivetran_synced": naive(refund["_airbyte_extracted_at"])}
        tables["refund"].append(plain(refund, "refund_line_items", "order_adjustments", "transactions"))
        for part in json.loads(refund["refund_line_items"]):
            moved = {"refund_id": refund["id"], "order_line_id": part["line_item_id"]}
            tables["order_line_refund"].append(part | moved | synced)
        for index, part in enumerate(json.loads(refund["order_adjustments"])):
            moved = {"refund_id": refund["id"], "id": refund["id"] * 10 + index, "amount": float(part["amount"])}
            tables["order_adjustment"].append(part | moved | synced)
        for index, part in enumerate(json.loads(refund["transactions"])):
            moved = {
                "refund_id": refund["id"],
                "order_id": refund["order_id"],
                "created_at": naive(refund["created_at"]),
            }
            tables["transaction"].append(part | moved | {"id": refund["id"] * 10 + index} | synced)
    for customer in rows["customers"]:
        consent = json.loads(customer.get("email_marketing_consent") or "{}")
        tables["customer"].append(
            plain(customer, "tags", "email_marketing_consent", "default_address")
            | {f"email_marketing_consent_{key}": value for key, value in consent.items()}
        )
        for index, tag in enumerate(filter(None, customer["tags"].split(", "))):
            owner = {"customer_id": customer["id"], "index": index}
            tables["customer_tag"].append(owner | {"value": tag, "_fivetran_synced": naive(LOADED)})
    for table, singular in (
        ("product_variants", "product_variant"),
        ("fulfillments", "fulfillment"),
        ("locations", "location"),
    ):
        tables[singular] = [plain(row) for row in rows[table]]
    tables["product"] = [plain(row, "is_gift_card") | {"_fivetran_deleted": False} for row in rows["products"]]
    tables["discount_code"] = [plain(row) for row in rows["discount_codes"]]
    tables["abandoned_checkout"] = [plain(row) | {"_fivetran_deleted": False} for row in rows["abandoned_checkouts"]]
    tables["shop"] = [plain(row) | {"myshopify_domain": f"{shop.url}.myshopify.com"} for row in rows["shop"]]
    # A line that was edited out of its order, an unfinished one, and rows written twice.
    tables["order_line"].append(tables["order_line"][0] | {"id": 999, "_fivetran_deleted": True, "price": 1000.0})
    tables["order_line"].append(tables["order_line"][0])
    tables["order_tag"].append({"order_id": tables["order"][0]["id"], "index": None, "value": "staff"} | synced)
    # Where an order does not say what shipping cost, its ways of shipping do.
    first = tables["order"][0]
    cost = json.loads(first.pop("total_shipping_price_set"))["shop_money"]["amount"]
    tables["order_shipping_line"].append({"id": 1, "order_id": first["id"], "price": cost} | synced)
    return tables


def plain(row: dict, *nested: str) -> dict:
    """A row without its nested columns and without Airbyte's own."""
    gone = {*nested, "shop_url", "deleted_at", "customer", "refunds"} | {
        name for name in row if name.startswith("_airbyte")
    }
    kept = {name: naive(value) if name.endswith("_at") else value for name, value in row.items() if name not in gone}
    return kept | {"_fivetran_synced": naive(row["_airbyte_extracted_at"])} if row else {}


def naive(instant: str | None) -> str | None:
    """An instant as UTC without saying so."""
    if instant is None:
        return None
    return f"{datetime.fromisoformat(instant).astimezone(UTC):%Y-%m-%d %H:%M:%S}"


@pytest.fixture(scope="module")
def fivetran_raw(tmp_path_factory) -> Raw:
    raw = Raw(tmp_path_factory.mktemp("fivetran") / "raw")
    for table, rows in as_fivetran(the_shop()).items():
        columns = sorted({column for row in rows for column in row})
        types = {column: "timestamp" for column in columns if column.endswith("_at") or column == "_fivetran_synced"}
        raw.write(f"shopify.{table}", [{column: row.get(column) for column in columns} for row in rows], types)
    return raw


@pytest.fixture(scope="module")
def airbyte(tmp_path_factory) -> Warehouse:
    folder = tmp_path_factory.mktemp("airbyte")
    return build(write_shops(Raw(folder / "raw"), the_shop()), folder, AS_OF)


@pytest.fixture(scope="module")
def fivetran(fivetran_raw, tmp_path_factory) -> Warehouse:
    return build(
        fivetran_raw, tmp_path_factory.mktemp("fivetran_build"), AS_OF | {"shopify_loader": "fivetran"}, with_tests=True
    )


def test_both_loaders_give_the_same_marts(airbyte, fivetran):
    tables = fivetran.tables("marts")
    assert tables == airbyte.tables("marts")
    assert differences(airbyte, fivetran, tables) == {}
    assert fivetran.failures == []


def test_the_shop_has_one_of_everything(fivetran):
    """An equality of two empty warehouses would prove nothing."""
    reasons = dict(fivetran.sql("select coalesce(invalid_reason, 'valid'), count(*) from marts.orders group by 1"))
    assert reasons == {"valid": 11, "test": 1, "voided": 1, "no_lines": 1}
    found = dict(fivetran.sql("select kind, sum(amount) from marts.refunds group by 1"))
    assert {kind: float(amount) for kind, amount in found.items()} == {"goods": 16.25, "amount": 2, "shipping": 4.9}


def test_every_row_of_every_part_is_accounted_for(fivetran, fivetran_raw):
    found = {row["table_name"]: row for row in fivetran.rows("from quality.row_accounting where system = 'shopify'")}
    for path in fivetran_raw.folder.glob("shopify/*.parquet"):
        assert found[path.stem]["raw_rows"] == duckdb.sql(f"select count(*) from '{path}'").fetchone()[0], path.stem
    lines, tags = found["order_line"], found["order_tag"]
    assert (lines["duplicate_rows"], lines["tombstone_rows"]) == (1, 1)
    assert tags["quarantined_rows"] == 1


def test_the_wrong_loader_says_so(fivetran_raw, tmp_path):
    with pytest.raises(BuildFailed, match="set the var shopify_loader to fivetran"):
        build(fivetran_raw, tmp_path)


# The same of a simulated shop with all its traps, whose truth is known.


def test_a_simulated_shop_through_fivetran(tmp_path):
    raw = tmp_path / "raw"
    simulate(Settings(customers=1_000, systems=("shopify",), out=raw, workers=1, shopify_loader="fivetran"))
    built = build(raw, tmp_path, {"shopify_loader": "fivetran", "systems": ["shopify"]})
    fates = " union all ".join(
        f"select system, table_name, '{fate}' as fate, {fate}_rows as rows from quality.row_accounting"
        f" where {fate}_rows > 0 and system = 'shopify'"
        for fate in ("staged", "duplicate", "tombstone", "quarantined")
    )
    assert built.sql(f"from ({fates}) except from '{raw}/truth/raw_counts.parquet'") == []
    orders = (
        f"from '{raw}/truth/orders.parquet' where raw_state = 'complete' and order_id like 'shopify:perennial-demo:%'"
    )
    assert built.one(f"select count(*) > 2000 {orders}")
    assert (
        built.sql(
            f"""
            select order_id, net, invalid_reason {orders}
            except select order_id, net_revenue, invalid_reason from marts.orders
            """
        )
        == []
    )


# A tool that nobody here has heard of: a survey of its own making, brought in as views with the subject's columns.


@pytest.fixture(scope="module")
def survey(tmp_path_factory) -> Warehouse:
    folder = tmp_path_factory.mktemp("survey")
    shop = Shop(url="demo")
    ann = shop.customer("ann@example.com")
    shop.order(line(1, 20), customer=ann, name="#1001")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.execute("create schema home_made")
        connection.execute(
            f"""
            create view home_made.people as
            select 'survey' as source_name, 'answer' as source_record_type, '7' as source_record_id,
                timestamp '2024-06-01 10:00:00' as recorded_at, 'shopify:demo:{ann}' as platform_customer_id,
                null as loyalty_id, null as email, null as phone, null as first_name, null as last_name,
                null as is_email_verified, null as country_code
            """
        )
        connection.execute(
            """
            create view home_made.reviews as
            select 'survey:7' as review_id, 'survey' as source_name, 'answer' as source_record_type,
                '7' as source_record_id, '7001' as product_id, '#1001' as order_reference, false as is_site_review,
                '2' as score, null as sentiment, null as title, 'Too sweet' as body,
                '2024-06-01 10:00:00' as reviewed_at, true as is_published, true as is_verified_buyer,
                false as is_incentivized, null as incentive_type, null as votes_up, null as votes_down
            """
        )
        connection.execute(
            """
            create view home_made.clicks as
            select 'survey:' || number as event_id, 'survey' as source_name, 'answer' as source_record_type,
                '7' as source_record_id, 'screen-3' as anonymous_id, event_name, occurred_at, null as url, null as path,
                null as referrer, null as campaign_source, null as campaign_medium, null as campaign_name,
                null as user_agent, '7001' as product_id, null as sku, 1 as quantity, null as order_reference,
                null as event_value, null as currency_code
            from (values
                (1, 'Product Viewed', timestamp '2024-06-02 10:00:00'),
                (2, 'product_added', timestamp '2024-07-02 10:00:00')
            ) as clicks (number, event_name, occurred_at)
            """
        )
        connection.execute(
            """
            create view home_made.bookings as
            select 'club:1' as booking_id, 'survey' as source_name, 'club' as programme, 'm7' as member_id,
                'answer' as source_record_type, '7' as source_record_id, '2024-06-01 10:00:00' as booked_at,
                null as entry_type, 50 as points, 'rule' as activation, null as active_at, 'never' as expiry,
                null as expires_at, null as order_reference, 'thank you' as reason
            """
        )
    relations = {
        "custom_reviews": "home_made.reviews",
        "custom_customer_records": "home_made.people",
        "custom_web_events": "home_made.clicks",
        "custom_loyalty_bookings": "home_made.bookings",
    }
    return build(write_shops(Raw(folder / "raw"), shop), folder, relations, with_tests=True)


def test_a_table_of_ones_own_is_a_source_like_any_other(survey):
    assert survey.failures == []
    (person,) = survey.rows("from marts.customers")
    (review,) = survey.rows("from marts.reviews")
    assert (review["customer_id"], review["score"], review["source_name"]) == (person["customer_id"], 2, "survey")
    assert person["source_count"] == 2


def test_a_club_of_ones_own(survey):
    """By the default rules: what came was earned, is there at once and has no price, which the log says."""
    (balance,) = survey.rows("from marts.loyalty_balances")
    assert balance["customer_id"] == survey.one("select customer_id from marts.customers")
    assert (balance["points_available"], balance["lifetime_points"]) == (50, 50)
    assert (
        "What is owed for the points of club is not known: seeds/loyalty_programmes.csv has no point_price"
        in survey.log
    )


def test_it_obeys_the_cut_and_the_words_of_the_shop(survey):
    (visit,) = survey.rows("from marts.web_sessions")
    assert (visit["product_view_count"], visit["cart_add_count"]) == (1, 0)
    assert visit["customer_id"] == survey.one("select customer_id from marts.customers")


def test_a_table_that_lacks_columns_is_refused(survey):
    result = run_dbt(
        "build",
        raw=survey.database.parent / "raw",
        folder=survey.database.parent,
        variables={"custom_reviews": "home_made.people"},
    )
    assert result.returncode
    assert re.search(
        r"home_made\.people, which the var custom_reviews names, has no column review_id, .*: it must\s+have all",
        result.stdout,
    )


def test_a_table_that_is_not_there_is_refused(survey):
    result = run_dbt(
        "build",
        raw=survey.database.parent / "raw",
        folder=survey.database.parent,
        variables={"custom_reviews": "home_made.revues"},
    )
    assert result.returncode
    assert "There is no home_made.revues, which the var custom_reviews names: create it" in result.stdout
