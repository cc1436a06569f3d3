"""
Forecasts against what came. In a simulated shop of plain lives (no seasons, reactions, renewals or returns; whoever
leaves does so after a repeat purchase) and without traps, people buy as BG/NBD assumes: it must foretell the next 90
days. Talon.One knows whose the cards at tills are; without it people would come apart. Synthetic; real CDNOW is in
test_evidence.
"""

from datetime import date, timedelta

import pytest
from conftest import Warehouse, build

from simulator import shop
from simulator.settings import Settings

DAYS = 90
TODAY = date(2025, 12, 31)
THEN = TODAY - timedelta(DAYS)


@pytest.fixture(scope="module")
def shops(tmp_path_factory) -> tuple[Warehouse, Warehouse]:
    """The warehouse as it was ninety days ago, forecasts included, and the purchases that it knows today."""
    folder = tmp_path_factory.mktemp("forecasts")
    systems = ("shopify", "pos", "talon_one")
    shop.simulate(
        Settings(customers=20_000, seed=7, systems=systems, out=folder / "raw", plain_lives=True, trap_rate=0.0)
    )
    settings = {"systems": list(systems), "reporting_timezone": "UTC"}
    then = build(folder / "raw", folder / "then", settings | {"as_of": str(THEN), "loaded_until": str(THEN)})
    return then, build(folder / "raw", folder / "now", settings)


@pytest.fixture(scope="module")
def bands(shops) -> dict[int, tuple[int, float, int]]:
    """By repeat purchase days before (7: or more): customers, orders foretold, orders that came."""
    then, now = shops
    foretold = dict(
        (band, (customers, orders))
        for band, customers, orders in then.sql("""
            select least(frequency, 7), count(*), sum(expected_orders_90d) from marts.customer_lifetime_value group by 1
        """)
    )
    came = dict(
        now.sql(f"""
            with known as (
                select customer_id, count(*) - 1 as frequency
                from intermediate.int_metrics__purchase_days where ordered_on <= date '{THEN}' group by 1
            )
            select least(frequency, 7), count(*)
            from intermediate.int_metrics__purchase_days join known using (customer_id)
            where ordered_on > date '{THEN}' and ordered_on <= date '{THEN}' + {DAYS}
            group by 1
        """)
    )
    return {band: (*foretold[band], came.get(band, 0)) for band in foretold}


def test_the_orders_of_the_next_ninety_days_are_foretold(bands):
    foretold, came = (sum(band[place] for band in bands.values()) for place in (1, 2))
    assert came > 1_000
    assert foretold == pytest.approx(came, rel=0.05), bands


def test_they_are_foretold_of_those_who_buy_often_and_of_those_who_do_not(bands):
    """Within a tenth, or what chance alone does to so few orders."""
    for band, (_, foretold, came) in bands.items():
        assert abs(foretold - came) <= max(0.1 * came, 3 * came**0.5), (band, bands)
