"""
Planted defects: for each rule that dbt tests, a warehouse that breaks it, and the test that must say so.

Each defect is one SQL statement on the small shop's warehouse. The tests' SQL, compiled by dbt, runs on it in a
transaction that is taken back; one defect also goes through `dbt test` as a whole.
"""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest
from conftest import run_dbt

AN_ORDER = "order_id = (select min(order_id) from marts.orders where is_valid and order_sequence = 2)"
A_RETURN = "refund_line_id = (select min(refund_line_id) from marts.refunds where match_state = 'matched')"
A_CUSTOMER = "customer_id = (select min(customer_id) from marts.customers where order_count > 1)"
A_LOT = "lot_id = (select min(lot_id) from marts.loyalty_lots where points_issued > 0)"
A_CELL = """
    segment_type = 'all' and months_since_first = 1
    and cohort_month = (select min(cohort_month) from marts.customer_cohorts)
"""
A_FIGURE = """
    metric = '{metric}' and period_window = 'to_date' and segment_type = 'all'
    and period_month = (select max(period_month) from marts.retention_scorecard)
"""


NO_SUCH_PERSON = "customer_id is no customer_id of customers"


@dataclass(frozen=True)
class Defect:
    """
    What is wrong, the statement that makes it so, the test that must fail, and tests that rightly fail with it.

    Of columns_hold, the broken rule stands behind its name: a column and what is wrong with it, or a condition.
    """

    name: str
    statement: str
    fails: str
    with_it: tuple[str, ...] = ()
    rebuilt: tuple[str, ...] = ()  # models that are built on it again


DEFECTS = (
    # Settings
    Defect(
        "an offer that does not say what it is for",
        "update settings.offers set scope = null where offer = (select min(offer) from settings.offers)",
        "offers_hold",
    ),
    # The ledger of points
    Defect(
        "a lot that has spent a point too many",
        f"update marts.loyalty_lots set points_spent = points_spent + 1 where {A_LOT}",
        "loyalty_lots_columns_hold: loyalty_lots_add_up",
    ),
    Defect(
        "a lot below zero, and in sum as before",
        f"""
        update marts.loyalty_lots set points_spent = points_spent - points_issued - 1,
            points_adjusted = points_adjusted + points_issued + 1
        where {A_LOT}
        """,
        "loyalty_lots_columns_hold: loyalty_lots_are_never_below_zero",
    ),
    Defect(
        "a day with less than nothing",
        "update marts.loyalty_balance_history set points_pending = -1 where valid_to is not null",
        "loyalty_balance_history_columns_hold: loyalty_history_is_never_below_zero",
    ),
    Defect(
        "two balances of one day",
        """
        update marts.loyalty_balance_history set valid_to = valid_to + 1
        where valid_to = (select max(valid_to) from marts.loyalty_balance_history)
        """,
        "loyalty_history_covers_every_day",
    ),
    Defect(
        "an entry that no lot and no month holds",
        """
        insert into marts.loyalty_entries by name
        select * replace ('planted' as entry_id, 0.01 as points) from marts.loyalty_entries
        where entry_type = 'earn' order by entry_id limit 1
        """,
        "loyalty_ledger_is_one",
        ("liability_ties_to_the_ledger",),
    ),
    Defect(
        "a month that is owed a point more",
        """
        update marts.loyalty_liability_monthly set closing_points = closing_points + 1
        where month = (select max(month) from marts.loyalty_liability_monthly)
        """,
        "liability_ties_to_the_ledger",
    ),
    Defect(
        "points spent before they can be",
        """
        update intermediate.int_loyalty__plain_moves set moved_at = timestamp '2000-01-01 00:00:00'
        where kind = 'spend' and (member_no, lot_no) = (
            select min((member_no, lot_no)) from intermediate.int_loyalty__plain_moves where kind = 'spend'
        )
        """,
        "loyalty_moves_stay_within_their_lots",
    ),
    Defect(
        "points spent that the lot never had",
        """
        update intermediate.int_loyalty__plain_moves set points = points + 1000000
        where booking_id = (select min(booking_id) from intermediate.int_loyalty__plain_moves where kind = 'spend')
        """,
        "loyalty_moves_stay_within_their_lots",
    ),
    Defect(
        "an earning that takes points",
        """
        update intermediate.int_loyalty_bookings__unioned set points = -5
        where booking_id = (
            select min(booking_id) from intermediate.int_loyalty_bookings__unioned where entry_type = 'earn'
        )
        """,
        "loyalty_bookings_columns_hold: loyalty_bookings_have_the_sign_of_their_kind",
    ),
    Defect(
        "a scenario of a setting that there is not",
        "insert into settings.loyalty_scenarios values ('half_year', 'talon_one', 'expiry_dayz', '180', null)",
        "loyalty_scenarios_change_what_there_is",
    ),
    Defect(
        "a scenario of a programme without bookings",
        "insert into settings.loyalty_scenarios values ('half_year', 'talon_two', 'expiry_days', '180', null)",
        "loyalty_scenarios_change_what_there_is",
    ),
    Defect(
        "points that expire after no number of days",
        "update settings.loyalty_programmes set expiry_days = null where programme = 'talon_one'",
        "int_loyalty__rules_columns_hold: loyalty_programmes_are_complete",
        rebuilt=("int_loyalty__rules",),
    ),
    Defect(
        "a scenario that looks for activity and does not say which",
        "insert into settings.loyalty_scenarios values ('quiet', 'talon_one', 'expiry_policy', 'inactivity', null)",
        "int_loyalty__rules_columns_hold: loyalty_programmes_are_complete",
        rebuilt=("int_loyalty__rules",),
    ),
    Defect(
        "a step between a vendor and us lost",
        "update marts.vendor_bridge set amount = amount + 1 where step = 'vendor' and measure = 'orders'",
        "vendor_bridge_ends_at_ours",
    ),
    # Tiers
    Defect(
        "a tier that begins an hour after the first booking",
        """
        update marts.loyalty_tier_history set valid_from = valid_from + interval 1 hour
        where member_id = (select min(member_id) from marts.loyalty_tier_history where change = 'joined')
            and change = 'joined'
        """,
        "tier_history_has_no_gaps",
    ),
    Defect(
        "a lowest tier that has to be earned",
        "update settings.loyalty_tiers set at_least = 5 where rank = 0",
        "loyalty_tiers_columns_hold: loyalty_tiers_rise_from_nothing",
    ),
    # Rows and keys
    Defect(
        "a model loses a row",
        "delete from staging.base_pos__sales where sale_id = '8'",
        "row_accounting_columns_hold: every_raw_row_is_accounted_for",
        rebuilt=("row_accounting",),
    ),
    Defect(
        "a model makes two rows of one",
        "insert into staging.base_shopify__orders from staging.base_shopify__orders limit 1",
        "row_accounting_columns_hold: every_raw_row_is_accounted_for",
        rebuilt=("row_accounting",),
    ),
    Defect(
        "an order twice",
        f"insert into marts.orders from marts.orders where {AN_ORDER}",
        "orders_columns_hold: order_id is no key",
        ("cohorts_hold_every_customer", "customers_agree_with_orders", "validity_has_a_reason"),
    ),
    Defect(
        "a key that is null",
        "update marts.repurchase_curve set days = null where days = (select max(days) from marts.repurchase_curve)",
        "repurchase_curve_columns_hold: days is null",
    ),
    Defect(
        "a record of two people",
        """
        insert into marts.customer_records by name
        select * replace ((select max(customer_id) from marts.customers) as customer_id)
        from marts.customer_records order by customer_id limit 1
        """,
        "customer_records_columns_hold: source_name, source_record_type, source_record_id is no key",
    ),
    Defect(
        "a person lost",
        f"delete from marts.customers where {A_CUSTOMER}",
        f"orders_columns_hold: {NO_SUCH_PERSON}",
        (
            "customers_agree_with_orders",
            f"customer_contacts_columns_hold: {NO_SUCH_PERSON}",
            f"customer_identifiers_columns_hold: {NO_SUCH_PERSON}",
            f"customer_lifetime_value_columns_hold: {NO_SUCH_PERSON}",
            f"customer_records_columns_hold: {NO_SUCH_PERSON}",
        ),
    ),
    Defect(
        "a link that was not followed for nothing",
        """
        delete from intermediate.int_identity__facts;
        insert into intermediate.int_identity__edges by name
        select
            1000000 as edge_rank, min(account_id) as node_a, max(account_id) as node_b, true as is_strong,
            'x' as rule_id
        from intermediate.int_identity__members
        """,
        "identity_cuts_columns_hold: every_cut_has_a_reason",
        rebuilt=("identity_cuts",),
    ),
    Defect(
        "a refund of an order that is not there",
        f"update marts.refunds set order_id = 'pos:S1:none' where {A_RETURN}",
        "refunds_columns_hold: order_id is no order_id of orders",
        ("order_money_adds_up",),
    ),
    Defect(
        "an order without a time",
        f"update marts.orders set ordered_at = null where {AN_ORDER}",
        "orders_columns_hold: ordered_at is null",
    ),
    Defect(
        "a channel that nobody knows",
        f"update marts.orders set sales_channel = 'fax' where {AN_ORDER}",
        "orders_columns_hold: sales_channel is not one of online, pos, subscription",
    ),
    Defect(
        "fewer than no orders",
        f"update marts.customers set order_count = -1 where {A_CUSTOMER}",
        "customers_columns_hold: order_count is below 0",
        ("customers_agree_with_orders",),
    ),
    Defect(
        "a probability above 1",
        """
        update marts.customer_lifetime_value set probability_alive = 1.01
        where customer_id = (select min(customer_id) from marts.customer_lifetime_value)
        """,
        "customer_lifetime_value_columns_hold: probability_alive is above 1",
    ),
    # Money
    Defect(
        "a cent more on an order",
        f"update marts.orders set net_revenue = net_revenue + 0.01 where {AN_ORDER}",
        "order_money_adds_up",
    ),
    Defect("a line lost", f"delete from marts.order_lines where {AN_ORDER}", "order_money_adds_up"),
    Defect(
        "a line twice",
        f"insert into marts.order_lines from marts.order_lines where {AN_ORDER}",
        "order_money_adds_up",
        ("order_lines_columns_hold: order_line_id is no key",),
    ),
    Defect(
        "a refund lost",
        f"delete from marts.refunds where {A_RETURN}",
        "refunds_reach_their_orders",
        ("order_money_adds_up",),
    ),
    Defect(
        "a refund in another currency",
        f"update marts.refunds set currency_code = 'USD' where {A_RETURN}",
        "refunds_reach_their_orders",
    ),
    Defect(
        "a cent less on a customer",
        f"update marts.customers set net_revenue = net_revenue - 0.01 where {A_CUSTOMER}",
        "customers_agree_with_orders",
    ),
    Defect(
        "a customer's money lost",
        f"update marts.customers set net_revenue = null where {A_CUSTOMER}",
        "customers_agree_with_orders",
    ),
    # Settings
    Defect(
        "a rule that allows less than nothing",
        "update settings.identity_rules set people_limit = -5 where identifier_type = 'email'",
        "identity_rules_columns_hold: identity_rules_count_something",
    ),
    Defect(
        "a threshold lost",
        "delete from settings.thresholds where name = 'active_days'",
        "thresholds_columns_hold: name has no active_days",
    ),
    Defect(
        "a gap between stages",
        "update settings.lifecycle_rules set at_least = 95 where label = 'at_risk'",
        "lifecycle_rules_leave_no_gap",
    ),
    Defect(
        "a currency worth nothing",
        "insert into settings.exchange_rates values ('USD', 'EUR', date '2024-01-01', 0)",
        "exchange_rates_columns_hold: exchange_rates_are_usable",
    ),
    Defect(
        "a country whose numbers have no length",
        "update settings.phone_regions set min_digits = 99 where region = 'DE'",
        "phone_regions_columns_hold: phone_regions_are_usable",
    ),
    Defect(
        "fewer messages than none",
        "update settings.message_caps set max_messages = -1 where channel = 'sms'",
        "message_caps_hold",
    ),
    # Which orders count
    Defect(
        "an order that counts, with a reason not to",
        f"update marts.orders set invalid_reason = 'staff' where {AN_ORDER}",
        "validity_has_a_reason",
    ),
    Defect(
        "an order that does not count, without a reason",
        f"update marts.orders set is_valid = false where {AN_ORDER}",
        "validity_has_a_reason",
        ("cohorts_hold_every_customer", "customers_agree_with_orders"),
    ),
    Defect(
        "two first orders of a person",
        f"update marts.orders set is_first_order = true where {AN_ORDER}",
        "validity_has_a_reason",
    ),
    Defect(
        "a number left out",
        f"update marts.orders set order_sequence = 99 where {AN_ORDER}",
        "validity_has_a_reason",
    ),
    # Cohorts and curve
    Defect(
        "more active than there are",
        f"update marts.customer_cohorts set active_customers = cohort_customers + 1 where {A_CELL}",
        "customer_cohorts_columns_hold: cohort_activity_within_cohort",
    ),
    Defect(
        "a rate of a month that is not over",
        f"update marts.customer_cohorts set is_mature = false where {A_CELL}",
        "customer_cohorts_columns_hold: cohort_rate_only_when_mature",
    ),
    Defect(
        "a rate below its interval",
        f"update marts.customer_cohorts set rate_low = retention_rate + 0.01 where {A_CELL}",
        "customer_cohorts_columns_hold: cohort_rate_within_interval",
    ),
    Defect(
        "a cell lost",
        f"delete from marts.customer_cohorts where {A_CELL}",
        "cohorts_hold_every_customer",
    ),
    Defect(
        "a cohort lost",
        "delete from marts.customer_cohorts where cohort_month = date '2023-10-01'",
        "cohorts_hold_every_customer",
    ),
    Defect(
        "more back than were watched",
        "update marts.repurchase_curve set events = at_risk + 1 where segment_type = 'all' and order_number = 1",
        "repurchase_curve_columns_hold: curve_within_bounds",
    ),
    Defect(
        "a share above 1",
        "update marts.repurchase_curve set survival = 1.01 where segment_type = 'all' and order_number = 1",
        "repurchase_curve_columns_hold: curve_within_bounds",
    ),
    # Subscriptions, parcels, tickets, messages, consents, reviews
    Defect(
        "an ended subscription that runs",
        "update marts.subscriptions set is_active = true where ended_on is not null",
        "subscriptions_columns_hold: subscription_ended_or_active",
    ),
    Defect(
        "a parcel that nobody can judge is on time",
        "update marts.shipments set is_late = false where unknown_reason is not null",
        "shipments_columns_hold: shipment_late_or_reason",
    ),
    Defect(
        "a delivery before the first attempt",
        "update marts.shipments set first_attempted_on = delivered_on + 1 where delivered_on is not null",
        "shipments_columns_hold: shipment_attempted_before_delivered",
    ),
    Defect(
        "late by no day",
        "update marts.shipments set delay_days = 0 where is_late",
        "shipments_columns_hold: shipment_late_has_delay",
    ),
    Defect(
        "answered in no state",
        "update marts.tickets set response_state = 'waiting' where first_responded_at is not null",
        "tickets_columns_hold: ticket_answer_has_a_state",
    ),
    Defect(
        "a message out before it was sent",
        "update marts.messages set messaged_at = messaged_at - interval 1 hour where sent_at is not null",
        "messages_columns_hold: message_happened_by_then",
    ),
    Defect(
        "a consent that ends as it begins",
        "update marts.consents set valid_to = valid_from where valid_to is not null",
        "consents_columns_hold: consent_intervals_have_a_length",
    ),
    # Scorecard
    Defect(
        "no value and no reason",
        f"update marts.retention_scorecard set value = null where {A_FIGURE.format(metric='repeat_purchase_rate')}",
        "retention_scorecard_columns_hold: scorecard_value_or_reason",
    ),
    Defect(
        "a value above its interval",
        f"""
        update marts.retention_scorecard set value = value_high + 0.01
        where {A_FIGURE.format(metric="repeat_purchase_rate")}
        """,
        "retention_scorecard_columns_hold: scorecard_value_within_interval",
    ),
    Defect(
        "revenue that is not frequency times order value",
        f"""
        update marts.retention_scorecard set numerator = numerator * 1.001
        where {A_FIGURE.format(metric="revenue_per_customer")}
        """,
        "revenue_is_frequency_times_order_value",
    ),
    Defect(
        "an experience that is over before it begins",
        "update marts.bad_experiences set resolved_on = opened_on - 1",
        "bad_experiences_columns_hold: bad_experiences_end_after_they_begin",
    ),
    Defect(
        "a fit that is not to be trusted and does not say why",
        "update marts.clv_model_parameters set note = null where model = 'bg_nbd' and segment = 'all'",
        "clv_model_parameters_columns_hold: unreliable_fit_says_why",
    ),
    Defect(
        "a fit without parameters that is trusted",
        "update marts.clv_model_parameters set is_reliable = true, note = null, r = null, p = null, beta = null",
        "clv_model_parameters_columns_hold: reliable_fit_has_parameters",
    ),
    # Audiences
    Defect(
        "left out of an audience for no reason",
        "update audiences.audience_decisions set outcome_reason = null where outcome <> 'exported'",
        "audience_decisions_columns_hold: who_is_not_exported_has_a_reason",
    ),
    Defect(
        "an effect that cannot be foreseen and nobody says why",
        "update audiences.audience_funnel set minimum_detectable_effect = null, undetectable_reason = null",
        "audience_funnel_columns_hold: no_effect_to_detect_has_a_reason",
    ),
    Defect(
        "a reason that stops messages is gone from the settings",
        "delete from settings.suppression_rules where reason = 'complained'",
        "suppression_rules_hold",
    ),
    Defect(
        "a day that would be read the other way round",
        "update settings.audiences set live_from = '12/10/2025' where audience = 'churn_risk'",
        "audiences_hold",
    ),
    # Audiences: each kind of row that must not go out is planted in test_exports.py
    Defect(
        "people in an export who refused",
        """
        update marts.consents set state = 'unsubscribed'
        where channel = 'email' and purpose = 'marketing' and state = 'subscribed' and valid_to is null
        """,
        "exports_are_safe",
    ),
)


class Checks:
    """dbt's compiled tests, over a copy of the warehouse that defects may be planted in."""

    def __init__(self, database: Path, target: Path):
        self.database = database
        self.tests = nodes(target, "test")
        self.models = nodes(target, "model")

    def failed(self, defect: Defect | None = None) -> set[str]:
        """What the tests find, with the defect planted."""
        with duckdb.connect(str(self.database)) as connection:
            connection.execute("begin")
            if defect:
                self.plant(connection, defect)
            return {finding for node in self.tests.values() for finding in findings(connection, node)}

    def plant(self, connection: duckdb.DuckDBPyConnection, defect: Defect) -> None:
        """Carry out the statement, which must change something, and build on it what has to be built again."""
        changed = connection.execute(defect.statement).fetchone()[0]
        assert changed > 0, f"{defect.name}: the statement changes no row"
        for name in defect.rebuilt:
            model = self.models[name]
            connection.execute(
                f"create or replace table {model['schema']}.{name} as select * from ({model['compiled_code']})"
            )


def kind_of(test: dict) -> str:
    """The generic test that it is one of; a reconciliation if it has a file of its own."""
    return (test.get("test_metadata") or {}).get("name", "reconciliation")


def findings(connection: duckdb.DuckDBPyConnection, test: dict) -> set[str]:
    """The test's name if it finds a row, and with it the rules that are broken where the test tells them."""
    rows = connection.execute(test["compiled_code"]).fetchall()
    if kind_of(test) == "columns_hold":
        return {f"{test['name']}: {f'{column} {rule}'.strip()}" for column, rule, _ in rows}
    return {test["name"]} if rows else set()


def nodes(target: Path, kind: str) -> dict[str, dict]:
    """Nodes of a kind by name, as the last dbt command in that target folder compiled them."""
    manifest = json.loads((target / "manifest.json").read_text())
    return {node["name"]: node for node in manifest["nodes"].values() if node["resource_type"] == kind}


@pytest.fixture(scope="module")
def planted_for_dbt(small, tmp_path_factory):
    """A copy of the small shop's warehouse with a defect in the orders, and what `dbt test` says of them."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copy(small.database, folder / "warehouse.duckdb")
    (defect,) = (defect for defect in DEFECTS if defect.name == "a cent more on an order")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.execute(defect.statement)
    result = run_dbt(
        "test", "--select", "orders", "--indirect-selection", "eager", raw=small.database.parent / "raw", folder=folder
    )
    return folder, defect, result


@pytest.fixture(scope="module")
def checks(small, tmp_path_factory) -> Checks:
    database = tmp_path_factory.mktemp("checks") / "warehouse.duckdb"
    shutil.copy(small.database, database)
    return Checks(database, small.target)


def test_dbt_reports_the_planted_defect(planted_for_dbt):
    folder, defect, result = planted_for_dbt
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    states = {entry["unique_id"].split(".")[2]: entry["status"] for entry in results}
    assert result.returncode == 1
    assert [name for name, state in states.items() if state == "fail"] == [defect.fails]


def test_nothing_fails_without_a_defect(checks):
    assert checks.failed() == set()


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: re.sub(r"\W+", "_", defect.name))
def test_the_named_test_fails(defect, checks):
    assert checks.failed(defect) == {defect.fails, *defect.with_it}


def test_every_rule_has_a_defect(checks):
    """Each reconciliation, each condition, each kind of rule about a column, and each other kind of generic test."""

    def rules(test: dict, text: str) -> set[str]:
        kind = kind_of(test)
        if kind == "columns_hold":
            found = re.findall(r"is (?:null|not one of|below|above|no key|no \w+ of)|has no", text)
            kinds = {re.sub(r"is no \w+ of", "is no value of", rule) for rule in found}
            conditions = test["test_metadata"]["kwargs"].get("conditions", {})
            return kinds | (conditions.keys() & set(re.findall(r"\w+", text)))
        return {test["name"] if kind == "reconciliation" else kind}

    planted = set()
    for defect in DEFECTS:
        name, _, text = defect.fails.partition(": ")
        planted |= rules(checks.tests[name], text)
    assert {rule for test in checks.tests.values() for rule in rules(test, test["compiled_code"])} - planted == set()
