"""What drives retention: matched effects on planted ones, a hundred draws in one table."""

import duckdb
import numpy as np
import pytest
from conftest import Raw, run_dbt, sale, write_sales

DRAWS, PEOPLE = 100, 2_000
EFFECT = 0.05


@pytest.fixture(scope="module")
def effects(tmp_path_factory) -> dict[tuple[str, str], list[tuple]]:
    """By driver and level one row per draw, a country each: naive low and high, matched low and high.

    Buyers of gifts mostly buy at a discount and mostly leave, and would have left anyway; a discount brings everybody
    back a little more often. Gifts also go by the slower carrier, which is late more often and puts nobody off.
    """
    chance = np.random.default_rng(7)
    size = DRAWS * PEOPLE
    gift = chance.random(size) < 0.5
    discounted = chance.random(size) < np.where(gift, 0.8, 0.2)
    late = chance.random(size) < np.where(gift, 0.6, 0.1)
    came_back = chance.random(size) < np.where(gift, 0.1, 0.4) + EFFECT * discounted
    people = {
        "customer_id": np.arange(size).astype(str),
        "came_back": came_back,
        "first_quarter": np.full(size, 20241),
        "country_code": (np.arange(size) % DRAWS).astype(str),
        "sales_channel": np.where(chance.random(size) < 0.3, "pos", "online"),
        "category": np.where(gift, "gifts", "own"),
        "product_family": np.where(gift, "gifts", "own"),
        "discount": np.where(discounted, "discounted", "full_price"),
        "value_band": chance.integers(3, 6, size),
        "acquisition_source": np.where(chance.random(size) < 0.5, "search", "direct"),
        "delivery": np.where(late, "late", "on_time"),
        "first_reply": np.full(size, "in_time"),
        "content_seen": np.full(size, "much"),
    }
    steps = ("review_step", "referral_step", "loyalty_step", "subscription_step", "opt_in_step")
    folder = tmp_path_factory.mktemp("drivers")
    raw = write_sales(Raw(folder / "raw"), [sale(1, "2024-01-01 10:00:00", 5.0, customer=None)])
    options = {"raw": raw.folder, "folder": folder, "variables": {"systems": ["pos"]}}
    assert run_dbt("seed", **options).returncode == 0
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.register("people", people)
        connection.execute("create schema intermediate")
        connection.execute("create table intermediate.int_metrics__first_experiences as from people")
        connection.execute(
            "create table intermediate.int_metrics__first_steps as select *,"
            f" {', '.join(f'null::varchar as {step}' for step in steps)} from people limit 0"
        )
    done = run_dbt("run", "-s", "retention_drivers", **options)
    assert done.returncode == 0, done.stdout
    found = {}
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        for driver, level, *interval in connection.execute("""
            select driver, level, naive_low, naive_high, matched_low, matched_high
            from marts.retention_drivers where segment_type = 'country'
        """).fetchall():
            found.setdefault((driver, level), []).append(interval)
    return found


def test_the_matched_interval_holds_the_truth_and_the_naive_one_does_not(effects):
    draws = effects["first_order_discount", "discounted"]
    assert len(draws) == DRAWS
    assert sum(low <= EFFECT <= high for _, _, low, high in draws) >= 90
    assert sum(low <= EFFECT <= high for low, high, _, _ in draws) == 0


@pytest.mark.parametrize("driver", [("delivery", "late"), ("acquisition_source", "search")])
def test_what_has_no_effect_gets_none(effects, driver):
    draws = effects[driver]
    assert len(draws) == DRAWS
    assert sum(low <= 0 <= high for _, _, low, high in draws) >= 90


def test_a_late_parcel_seems_to_put_people_off_until_the_alike_are_compared(effects):
    assert sum(high < 0 for _, high, _, _ in effects["delivery", "late"]) >= 90
