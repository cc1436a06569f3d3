"""
Campaign lift where the truth is known: the simulated shop's people and what they bought, with orders planted that a
message would cause. The shop draws its arms a hundred times, each with another salt, and the measured interval must
hold the true effect.
"""

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

import pytest
from compiled import CompiledModels

SALTS, CONTROL_SHARE, EFFECT, LEAK = 100, 0.1, 0.05, 0.2
KINDS = ("effect", "none", "leak", "lost")
AT = datetime(2025, 3, 1)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
WINDOW = 14 * DAY
TYPES = {
    "raw.state__audience_arms": {
        "campaign": "varchar", "customer_id": "varchar", "arm": "varchar", "bucket": "int",
        "control_share": "decimal(9, 6)", "assigned_at": "timestamp",
    },
    "marts.orders": {
        "order_id": "varchar", "customer_id": "varchar", "ordered_at": "timestamp", "is_valid": "boolean",
        "net_revenue_reporting": "decimal(18, 2)",
    },
    "marts.messages": {
        "customer_id": "varchar", "message_class": "varchar", "campaign": "varchar", "messaged_at": "timestamp",
        "clicked_at": "timestamp",
    },
    "marts.customer_id_redirects": {"old_customer_id": "varchar", "customer_id": "varchar"},
    "settings.audiences": {"audience": "varchar", "offer": "varchar", "holdout_share": "double"},
    "settings.offers": {"offer": "varchar", "cost": "double"},
    "settings.thresholds": {"name": "varchar", "value": "double"},
    "staging.point_in_time": {"cut_at": "timestamp"},
}  # fmt: skip
THRESHOLDS = {
    "lift_window_days": 14, "universal_lift_window_days": 90, "min_denominator": 30, "min_sample_ratio_p": 0.001,
}  # fmt: skip


def shop(compiled, thresholds: dict | None = None, **tables: list[dict]) -> CompiledModels:
    """The tables that campaign_lift reads; those that are not given are empty."""
    models = CompiledModels(compiled)
    named = {name.split(".")[1]: name for name in TYPES}
    tables = {
        "point_in_time": [{"cut_at": AT + 100 * DAY}],
        "thresholds": [{"name": name, "value": value} for name, value in (THRESHOLDS | (thresholds or {})).items()],
    } | tables
    for name, full_name in named.items():
        models.table(full_name, TYPES[full_name], tables.get(name, []))
    return models


def lifts(models: CompiledModels) -> dict[str, dict]:
    rows = models.run("campaign_lift").rows("from audiences.campaign_lift")
    return {row["campaign"]: row for row in rows}


# A hundred draws of one population

ELIGIBLE_BEFORE, BOUGHT_WITHIN = 100, 180  # days before as_of, and before that

# Who might be written to that day, with the first thing that they bought in the window if they did.
PEOPLE = f"""
    with orders as (
        select *, cut_at - interval {ELIGIBLE_BEFORE} day as eligible_at
        from marts.orders cross join staging.point_in_time where is_valid
    )
    select customer_id, min(ordered_at) filter (where ordered_at >= eligible_at) as next_ordered_at
    from orders semi join marts.customers using (customer_id)
    where ordered_at < eligible_at + interval 14 day
    group by all
    having max(ordered_at) filter (where ordered_at < eligible_at)
        >= any_value(eligible_at) - interval {BOUGHT_WITHIN} day
    order by all
"""
ARM_TABLES = {
    "audiences.audience_settings": {
        "audience": "varchar", "control_share": "decimal(9, 6)", "may_have_holdout": "boolean", "is_live": "boolean",
    },
    "audiences.audience_screened": {"audience": "varchar", "customer_id": "varchar", "suppressed_reason": "varchar"},
    "audiences.audience_qualified": {"audience": "varchar", "customer_id": "varchar", "is_too_many": "boolean"},
    "staging.point_in_time": {"as_of": "date", "cut_at": "timestamp"},
}  # fmt: skip

# All are eligible at the same instant; the message goes out three days later, and not to those who bought meanwhile.
WORLD = """
    create table drawn as
    select
        kind, campaign, campaign || '/' || people.customer_id as customer_id, people.* exclude (customer_id),
        bucket, arm = 'control' as is_control,
        kind = 'leak' and leak_number < {leak} as leaks,
        $at + interval 3 day as messaged_at,
        (not is_control or leaks) and not coalesce(next_ordered_at < messaged_at, false) as is_messaged
    from arms inner join people using (customer_id);

    insert into raw.state__audience_arms
    select campaign, customer_id, if(is_control, 'control', 'treatment'), bucket, {share}, $at from drawn
    where kind <> 'lost' or not is_control or bucket % 10 < 7;

    insert into marts.messages
    select
        customer_id, 'promotional', campaign || ' / Step 1', messaged_at,
        if(is_caused, messaged_at + interval 1 minute, null) as clicked_at
    from drawn where is_messaged;

    insert into marts.orders
    select order_id || campaign, campaign || '/' || customer_id, ordered_at, true, net_revenue_reporting
    from shop.marts.orders inner join arms using (customer_id)
    where is_valid and ordered_at between $at - interval 7 day and $at + interval 21 day;

    insert into marts.orders
    select
        customer_id || 'caused', customer_id, messaged_at + to_seconds(hours_after_message::bigint * 3600), true,
        revenue
    from drawn where is_caused and kind <> 'none' and is_messaged
"""


@dataclass
class Truth:
    conversion: float
    revenue: float


@pytest.fixture(scope="module")
def world(simulated) -> tuple[CompiledModels, Truth]:
    """Of those who did not buy, some would have, with the message, for what others paid at some time."""
    at = simulated.warehouse.one("select cut_at from staging.point_in_time") - ELIGIBLE_BEFORE * DAY
    found = simulated.warehouse.rows(PEOPLE)
    values = simulated.warehouse.sql(
        "select net_revenue_reporting from marts.orders"
        " where is_valid and net_revenue_reporting is not null order by all"
    )
    chance = random.Random(17)
    buyers = sum(person["next_ordered_at"] is not None for person in found)
    persuaded = EFFECT / (1 - buyers / len(found))
    for person in found:
        person |= {
            "is_caused": person["next_ordered_at"] is None and chance.random() < persuaded,
            "hours_after_message": chance.uniform(1, 10 * 24),
            "revenue": float(chance.choice(values)[0]),
            "leak_number": chance.random(),
        }  # fmt: skip
    models = shop(simulated.warehouse)
    types = dict.fromkeys(("hours_after_message", "revenue", "leak_number"), "double")
    types |= {"customer_id": "varchar", "next_ordered_at": "timestamp", "is_caused": "boolean"}
    models.table("people", types, found)
    models.connection.execute(f"attach '{simulated.warehouse.database}' as shop (read_only)")
    draw(models, at)
    for statement in WORLD.format(share=CONTROL_SHARE, leak=LEAK).split(";\n"):
        models.connection.execute(statement, {"at": at} if "$at" in statement else {})
    models.table("staging.point_in_time", TYPES["staging.point_in_time"], [{"cut_at": at + ELIGIBLE_BEFORE * DAY}])
    caused = [person["revenue"] for person in found if person["is_caused"]]
    return models, Truth(len(caused) / len(found), sum(caused) / len(found))


def draw(models: CompiledModels, at: datetime) -> None:
    """`arms` as audience_assignments draws them, once for each salt."""
    given = {
        "audiences.audience_settings": [
            {"audience": kind, "control_share": CONTROL_SHARE, "may_have_holdout": True, "is_live": True}
            for kind in KINDS
        ],
        "audiences.audience_screened": [],
        "audiences.audience_qualified": [],
        "staging.point_in_time": [{"as_of": at.date(), "cut_at": at}],
    }
    for name, types in ARM_TABLES.items():
        models.table(name, types, given[name])
    models.connection.execute(
        "insert into audiences.audience_screened"
        " select audience, customer_id, null from audiences.audience_settings, people"
    )
    models.connection.execute(
        "insert into audiences.audience_qualified select audience, customer_id, false from audiences.audience_screened"
    )
    for salt in range(SALTS):
        models.connection.execute(f"set variable perennial_salt = 'salt {salt}'")
        models.run("audience_assignments")
        models.connection.execute(
            f"{'insert into' if salt else 'create table'} arms {'' if salt else 'as'}"
            f" select campaign || '_{salt}' as campaign, campaign as kind, customer_id, arm, bucket"
            " from audiences.audience_assignments where campaign not like 'universal:%'"
        )


@pytest.fixture(scope="module")
def measured(world) -> dict[str, list[dict]]:
    """Rows by what was planted."""
    found = {}
    for campaign, row in lifts(world[0]).items():
        found.setdefault(campaign.split("_")[0], []).append(row)
    assert {kind: len(rows) for kind, rows in found.items()} == dict.fromkeys(KINDS, SALTS)
    return found


def covered(rows: list[dict], column: str, truth: float) -> int:
    return sum(row[f"{column}_low"] <= truth <= row[f"{column}_high"] for row in rows)


def mean(values) -> float:
    values = list(values)
    return sum(values) / len(values)


def test_the_interval_holds_the_true_effect(world, measured):
    truth = world[1]
    assert truth.conversion == pytest.approx(EFFECT, abs=0.01)
    assert covered(measured["effect"], "conversion_lift", truth.conversion) >= 90
    assert covered(measured["effect"], "revenue_lift_per_person", truth.revenue) >= 90
    # Neither by intervals that hold everything nor by a measure that is off to one side.
    assert sum(row["is_conclusive"] for row in measured["effect"]) >= 80
    assert mean(row["conversion_lift"] for row in measured["effect"]) == pytest.approx(truth.conversion, abs=0.005)
    for row in measured["effect"]:
        assert row["incremental_conversions"] == pytest.approx(row["conversion_lift"] * row["treated_count"])
        assert float(row["incremental_revenue"]) == pytest.approx(
            row["revenue_lift_per_person"] * row["treated_count"], abs=0.01
        )


def test_a_campaign_without_effect_shows_none(measured):
    assert covered(measured["none"], "conversion_lift", 0) >= 90
    assert covered(measured["none"], "revenue_lift_per_person", 0) >= 90
    assert sum(row["is_conclusive"] for row in measured["none"]) <= 10


def test_arms_that_lost_people_are_found(measured):
    fair = [row for kind in ("effect", "none", "leak") for row in measured[kind]]
    assert sum(row["has_sample_ratio_mismatch"] for row in fair) <= 3
    assert sum(row["sample_ratio_p"] < 0.5 for row in fair) == pytest.approx(len(fair) / 2, abs=50)
    assert all(row["has_sample_ratio_mismatch"] and not row["is_conclusive"] for row in measured["lost"])


def test_the_odds_of_the_draw_are_those_of_the_normal_curve(measured):
    for row in (row for rows in measured.values() for row in rows):
        count = row["treated_count"] + row["control_count"]
        squared = (row["control_count"] - count * CONTROL_SHARE) ** 2 / (count * CONTROL_SHARE * (1 - CONTROL_SHARE))
        assert row["sample_ratio_p"] == pytest.approx(math.erfc(math.sqrt(squared / 2)), abs=2e-7)


def test_the_interval_is_newcombes_and_the_detectable_effect_fleisss(measured):
    def wilson(hits: int, count: int) -> tuple[float, float]:
        z = 1.959963984540054
        middle = (hits + z * z / 2) / (count + z * z)
        margin = z / (count + z * z) * math.sqrt(hits * (count - hits) / count + z * z / 4)
        return middle - margin, middle + margin

    for row in measured["effect"]:
        shares, bounds = [], []
        for arm in ("treated", "control"):
            hits, count = row[f"{arm}_conversions"], row[f"{arm}_count"]
            shares.append(hits / count)
            bounds.append(wilson(hits, count))
        difference = shares[0] - shares[1]
        assert row["conversion_lift"] == pytest.approx(difference)
        low = math.hypot(shares[0] - bounds[0][0], bounds[1][1] - shares[1])
        high = math.hypot(bounds[0][1] - shares[0], shares[1] - bounds[1][0])
        assert row["conversion_lift_low"] == pytest.approx(difference - low)
        assert row["conversion_lift_high"] == pytest.approx(difference + high)
        spread = shares[1] * (1 - shares[1]) * (1 / row["treated_count"] + 1 / row["control_count"])
        assert row["minimum_detectable_effect"] == pytest.approx((1.959964 + 0.841621) * math.sqrt(spread), rel=1e-6)


def test_leaks_are_corrected(world, measured):
    """Nearer to the truth than what was measured, which leaks make smaller; without leaks nothing changes."""
    truth = world[1].conversion
    diluted = mean(row["conversion_lift"] for row in measured["leak"])
    corrected = mean(row["complier_lift"] for row in measured["leak"])
    assert mean(row["leak_rate"] for row in measured["leak"]) == pytest.approx(LEAK, abs=0.02)
    assert diluted == pytest.approx(truth * (1 - LEAK), abs=0.005)
    assert corrected == pytest.approx(truth, abs=0.005)
    assert abs(corrected - truth) < abs(diluted - truth) / 2
    assert covered(measured["leak"], "complier_lift", truth) >= 90 > covered(measured["leak"], "conversion_lift", truth)
    for end in ("", "_low", "_high"):
        lift, ours = f"conversion_lift{end}", f"complier_lift{end}"
        assert all(row[ours] == row[lift] for row in measured["effect"])
        assert all(row[ours] == pytest.approx(row[lift] / (1 - row["leak_rate"])) for row in measured["leak"])


def test_counted_from_the_sending_the_truth_is_missed(world, measured):
    """Why eligibility: whoever buys before the message goes out is not sent it, and the control has no such day."""
    models = world[0]
    models.connection.execute("""
        begin;
        update raw.state__audience_arms as arms set assigned_at = drawn.messaged_at from drawn
        where arms.customer_id = drawn.customer_id and not drawn.is_control;
        delete from raw.state__audience_arms where customer_id in (
            select customer_id from drawn where not is_control and not is_messaged or kind in ('leak', 'lost')
        )
    """)
    rows = lifts(models)
    models.connection.execute("rollback")
    harm = mean(row["conversion_lift"] for name, row in rows.items() if name.startswith("none"))
    assert harm < -0.004 < -0.001 < mean(row["conversion_lift"] for row in measured["none"])


# Made by hand


def arm(customer_id: str, arm: str = "treatment", campaign: str = "c", share: float = 0.5, **more) -> dict:
    row = {"campaign": campaign, "customer_id": customer_id, "arm": arm, "bucket": crc32(customer_id.encode()) % 10_000}
    return row | {"control_share": share, "assigned_at": AT} | more


def order(customer_id: str, ordered_at: datetime, revenue: float = 10, is_valid: bool = True) -> dict:
    return {
        "order_id": f"{customer_id} {ordered_at} {is_valid}", "customer_id": customer_id, "ordered_at": ordered_at,
        "is_valid": is_valid, "net_revenue_reporting": revenue,
    }  # fmt: skip


def message(customer_id: str, messaged_at: datetime, clicked_at: datetime | None = None, campaign: str = "c") -> dict:
    return {
        "customer_id": customer_id, "message_class": "promotional", "campaign": campaign, "messaged_at": messaged_at,
        "clicked_at": clicked_at,
    }  # fmt: skip


AUDIENCE = {"audience": "c", "offer": "five_off", "holdout_share": 0.5}
OFFER = {"offer": "five_off", "cost": 6}


def one(sample, arms: list[dict], orders: list[dict] = (), messages: list[dict] = (), redirects: list[dict] = ()):
    """The row of campaign c; an arm of one person is enough."""
    models = shop(
        sample, {"min_denominator": 1}, state__audience_arms=arms, orders=orders, messages=messages,
        customer_id_redirects=redirects, audiences=[AUDIENCE], offers=[OFFER],
    )  # fmt: skip
    return lifts(models)["c"]


@pytest.mark.parametrize(
    "ordered_at, is_valid, converts",
    [
        (AT - SECOND, True, 0),
        (AT, True, 1),
        (AT + WINDOW - SECOND, True, 1),
        (AT + WINDOW, True, 0),
        (AT + DAY, False, 0),  # refunded, cancelled, a test: orders say why
    ],
)
def test_the_window_begins_with_eligibility(sample, ordered_at, is_valid, converts):
    row = one(sample, [arm("a"), arm("b", "control")], [order(name, ordered_at, 10, is_valid) for name in "ab"])
    assert (row["treated_conversions"], row["control_conversions"]) == (converts, converts)
    assert (row["conversion_lift"], row["revenue_lift_per_person"]) == (0, 0)
    assert row["offer_cost"] == 6 * converts


def test_a_person_with_both_arms_is_control_and_was_drawn_twice(sample):
    arms = [arm("old", bucket=9_000, assigned_at=AT - DAY), arm("new", "control", bucket=10), arm("a")]
    redirects = [{"old_customer_id": "old", "customer_id": "new"}]
    row = one(sample, arms, [order("new", AT - DAY)], redirects=redirects)
    assert (row["treated_count"], row["control_count"], row["control_conversions"]) == (1, 1, 1)
    assert row["expected_control_share"] == pytest.approx((0.75 + 0.5) / 2)


def test_only_people_whose_window_is_over_count(sample):
    last = AT + 100 * DAY - WINDOW
    arms = [arm("a", assigned_at=last), arm("b", "control", assigned_at=last), arm("c", assigned_at=last + SECOND)]
    row = one(sample, arms, [order("c", last + DAY)])
    assert (row["treated_count"], row["control_count"], row["waiting_count"]) == (1, 1, 1)
    assert row["treated_conversions"] == 0


def test_a_changed_share_begins_anew(sample):
    arms = [arm(f"before{number}", share=0.1) for number in range(9)]
    arms += [arm("a", assigned_at=AT + DAY), arm("b", "control", assigned_at=AT + DAY)]
    row = one(sample, arms)
    assert (row["treated_count"], row["control_count"], row["expected_control_share"]) == (1, 1, 0.5)


@pytest.mark.parametrize(
    "messaged_at, campaign, leaks",
    [
        (AT - SECOND, "c", 0),
        (AT, "c", 0.5),
        (AT + WINDOW - SECOND, "C / Step 2", 0.5),
        (AT + WINDOW, "c", 0),
        (AT + DAY, "cc", 0),
        (AT + DAY, None, 0),
    ],
)
def test_a_leak_is_a_message_of_the_campaign_in_the_window(sample, messaged_at, campaign, leaks):
    arms = [arm("a"), arm("b", "control"), arm("d", "control")]
    row = one(sample, arms, messages=[message("b", messaged_at, campaign=campaign)] * 2)
    assert row["leak_rate"] == leaks


def test_what_the_platform_claims_counts_an_order_once(sample):
    clicked_at = AT + 3 * DAY
    clicks = [message("a", AT + DAY, clicked_at), message("a", AT + 2 * DAY, clicked_at + DAY), message("a", AT + DAY)]
    clicks += [message("b", AT + DAY, clicked_at)]
    orders = [order("a", clicked_at - SECOND, 1), order("a", clicked_at, 10), order("a", clicked_at + 2 * DAY, 100)]
    orders += [order("a", clicked_at + DAY + WINDOW, 1000), order("b", clicked_at, 10_000)]
    row = one(sample, [arm("a"), arm("b", "control")], orders, clicks)
    assert row["platform_attributed_revenue"] == 110
    # The order at the end is of the click's window, not of the person's.
    assert row["incremental_revenue"] == 111 - 10_000
    assert row["incremental_revenue_less_offers"] == 111 - 10_000 - 6


def test_a_year_of_marketing_has_a_longer_window_and_leaks_by_any_promotion(sample):
    name = "universal:2025"
    arms = [arm(customer, kind, name) for customer, kind in (("a", "treatment"), ("b", "control"), ("d", "control"))]
    messages = [message("b", AT + 80 * DAY, campaign="Advent"), message("d", AT + 90 * DAY, campaign="Advent")]
    models = shop(
        sample, {"min_denominator": 1}, state__audience_arms=arms, messages=messages,
        orders=[order("a", AT + 80 * DAY)],
    )  # fmt: skip
    row = lifts(models)[name]
    assert (row["window_days"], row["treated_conversions"], row["leak_rate"]) == (90, 1, 0.5)
    assert row["offer_cost"] is row["incremental_revenue_less_offers"] is None


def test_what_cannot_be_measured_says_why(sample):
    late = AT + 99 * DAY
    arms = [arm(f"{name}{number}", kind, name, **more)
        for name, kinds, more in (
            ("open", ("treatment", "control"), {"assigned_at": late}),
            ("all_treated", ("treatment",), {"share": 0.0}),
            ("no_control", ("treatment",), {}),
            ("no_treated", ("control",), {}),
            ("too_few", ("treatment", "control"), {}),
        )
        for kind in kinds
        for number in (range(29) if kind == "control" else range(100, 140))
    ]  # fmt: skip
    names = ("open", "all_treated", "no_control", "no_treated", "too_few", "never", "service")
    audiences = [{"audience": name, "holdout_share": 0 if name == "service" else 0.1} for name in names]
    found = lifts(shop(sample, state__audience_arms=arms, audiences=audiences))
    assert {name: row["reason"] for name, row in found.items()} == {
        "open": "window_open", "all_treated": "no_holdout", "no_control": "no_control", "no_treated": "no_treated",
        "too_few": "too_few", "never": "no_arms", "service": "no_holdout",
    }  # fmt: skip
    values = ("conversion_lift", "revenue_lift_per_person", "incremental_revenue", "minimum_detectable_effect")
    assert {row[value] for row in found.values() for value in values} == {None}
    assert not any(row["is_conclusive"] for row in found.values())
