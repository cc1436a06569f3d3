"""
When a product is bought again: the rule of qualified_due_for_reorder, as compiled, on the day of a purchase and by what
was known then, against the day on which people bought it again, beside two rules of thumb: the last gap again, and the
mean of everybody's gaps. Synthetic: the simulated shop.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from math import log

import duckdb
import pytest
from conftest import Warehouse

LATER_DAYS = 180  # so long after a purchase the next one is waited for
CUTS = range(LATER_DAYS, LATER_DAYS + 365, 9)  # days before as_of, through all seasons, each with its own purchases


@dataclass(frozen=True)
class Again:
    """A purchase that was followed by another of the same family, and after how many days by whom."""

    own_gaps: int
    actual: int
    ours: int
    last_gap: int | None
    mean_gap: float


def purchases(warehouse: Warehouse, cuts: list[date]) -> list[Again]:
    """The purchases of each cut's day, with the rule's answer by the marts as far as orders up to the cut go."""
    compiled = warehouse.target / "compiled" / "perennial" / "models" / "audiences" / "qualifying"
    rule = (compiled / "qualified_due_for_reorder.sql").read_text()
    rule, dated, _ = re.sub(r'"\w+"\.("(?:marts|staging|settings)"\.)', r"\1", rule).partition("\n),\n\ndated as (")
    assert dated
    with duckdb.connect() as connection:
        connection.execute(f"""
            attach '{warehouse.database}' as later (read_only);
            create schema staging; create schema marts; create schema settings;
            create table settings.thresholds as from later.settings.thresholds;
            create table marts.order_lines as from later.marts.order_lines;
            create view staging.point_in_time as from later.staging.point_in_time;
            create table bought as
                select orders.customer_id, lines.product_family, orders.ordered_on,
                    bool_or(orders.sales_channel <> 'subscription') as is_chosen
                from later.marts.order_lines as lines
                join later.marts.orders as orders using (order_id)
                where orders.is_valid and orders.customer_id is not null and lines.product_family is not null
                    and not lines.is_gift_card and lines.refunded_quantity < lines.quantity
                group by all;
            create table followed as
                select *, date_diff('day', lag(ordered_on) over one, ordered_on) as gap_days,
                    lead(ordered_on) over one as next_ordered_on, lead(is_chosen) over one as next_is_chosen
                from bought window one as (partition by customer_id, product_family order by ordered_on);
        """)
        found = []
        for cut in cuts:
            connection.execute(f"""
                create or replace view marts.orders as from later.marts.orders where ordered_on <= date '{cut}'
            """)
            found += connection.execute(f"""
                with rule as ({rule}
                ) select * from expected where last_ordered_on = date '{cut}'),
                known as (
                    select customer_id, product_family, max_by(gap_days, ordered_on) as last_gap
                    from followed where ordered_on <= date '{cut}' and is_chosen and gap_days is not null group by all
                ),
                everybody as (
                    select avg(gap_days) as mean_gap from followed where ordered_on <= date '{cut}' and is_chosen
                )
                select gap_count, date_diff('day', ordered_on, next_ordered_on), expected_days, last_gap, mean_gap
                from rule
                join followed using (customer_id, product_family)
                left join known using (customer_id, product_family)
                cross join everybody
                where ordered_on = last_ordered_on and next_is_chosen and expected_days is not null
                    and next_ordered_on <= ordered_on + {LATER_DAYS}
            """).fetchall()
    return [Again(*row) for row in found]


def error(found: list[Again], rule: str) -> float:
    """Mean absolute error as a logarithm: 0.7 is twice or half as long."""
    return sum(abs(log(again.actual) - log(getattr(again, rule))) for again in found) / len(found)


@pytest.fixture(scope="module")
def found(simulated) -> list[Again]:
    as_of = simulated.warehouse.one("select as_of from staging.point_in_time")
    return purchases(simulated.warehouse, [as_of - timedelta(days) for days in CUTS])


def test_the_expected_day_is_nearer_than_everybodys_mean(found):
    errors = {rule: error(found, rule) for rule in ("ours", "mean_gap")}
    assert len(found) >= 300, len(found)
    assert errors["ours"] < errors["mean_gap"], (len(found), errors)


def test_with_a_gap_of_ones_own_it_is_nearer_than_the_last_one_again(found):
    own = [again for again in found if again.own_gaps and again.last_gap]
    errors = {rule: error(own, rule) for rule in ("ours", "last_gap", "mean_gap")}
    assert len(own) >= 100, len(own)
    assert errors["ours"] < min(errors["last_gap"], errors["mean_gap"]), (len(own), errors)
