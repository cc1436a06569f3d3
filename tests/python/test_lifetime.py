"""
Lifetime models: scores beside an integral that shares nothing with the series in SQL, fits beside data whose truth is
known, and what has no answer. Published figures are in test_evidence.
"""

import csv
from datetime import date, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from conftest import ROOT, Raw, Warehouse, build, fit_lifetime, run_dbt, sale, write_sales
from scipy import special

from models.intermediate.lifetime.int_lifetime__fits import NUMBERS, fits

THRESHOLDS = {"min_fit_customers": 100, "max_fit_doubt": 1}


# Fits


def groups(**columns) -> duckdb.DuckDBPyRelation:
    """Groups of the whole, to date."""
    table = pa.table({name: np.array(values) for name, values in columns.items()})
    return duckdb.from_arrow(table).project("*, 'to_date' as fit_window, 'all' as segment_type, 'all' as segment")


def purchases(frequency=(), recency_days=(), age_days=(), customers=()):
    return groups(frequency=frequency, recency_days=recency_days, age_days=age_days, customers=customers)


def spend(frequency=(), mean_value=(), customers=()):
    return groups(frequency=frequency, mean_value=mean_value, customers=customers)


def renewals(periods=(), has_ended=(), customers=()):
    return groups(periods=periods, has_ended=has_ended, customers=customers)


def fitted(of_purchases=None, of_spend=None, of_renewals=None) -> dict[str, dict]:
    rows = fits(
        of_purchases or purchases(), of_spend or spend(), of_renewals or renewals(), THRESHOLDS, date(2025, 12, 31)
    )
    return {row["model"]: row for row in rows}


DEGENERATE = {
    "nobody": {},
    "one customer": {
        "of_purchases": purchases([3], [70], [140], [1]),
        "of_spend": spend([3], [20.0], [1]),
        "of_renewals": renewals([3], [True], [1]),
    },
    "one-time buyers only": {"of_purchases": purchases([0, 0, 0], [0, 0, 0], [10, 200, 700], [500, 400, 300])},
    "everybody bought on one day, today": {"of_purchases": purchases([0], [0], [0], [1_000])},
    "everybody is the same": {
        "of_purchases": purchases([4], [200], [210], [1_000]),
        "of_spend": spend([4], [25.0], [1_000]),
        "of_renewals": renewals([2], [True], [1_000]),
    },
    "nobody stays and nobody differs": {"of_purchases": purchases([1], [1], [700], [1_000])},
    "amounts all alike": {"of_spend": spend([1, 2, 3, 8], [25.0] * 4, [400, 300, 200, 100])},
    "one repeat day each": {"of_spend": spend([1] * 4, [1.0, 5.0, 25.0, 125.0], [400, 300, 200, 100])},
    "wild amounts": {"of_spend": spend([1, 2, 1, 2], [0.01, 1e-6, 1e9, 1e12], [400, 300, 200, 100])},
    "everybody still subscribes": {"of_renewals": renewals([1, 5, 20], [False] * 3, [300, 300, 300])},
    "everybody ends at once": {"of_renewals": renewals([1], [True], [1_000])},
    "daily buyers": {"of_purchases": purchases([300, 700], [300, 700], [300, 700], [600, 600])},
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_what_has_no_answer_says_so(case):
    """No fit of these means anything: each is a row with a reason and without parameters."""
    rows = fitted(**DEGENERATE[case])
    assert set(rows) == {"bg_nbd", "mbg_nbd", "gamma_gamma", "shifted_beta_geometric"}
    for row in rows.values():
        assert row["is_reliable"] is False
        assert row["note"].split(":")[0] in ("too few", "runs away", "flat", "no mean")
        assert not set(NUMBERS) & set(row)


def drawn(random, size: int, leaves_at_once: bool, r: float, alpha: float, a: float, b: float):
    """Customers who buy and leave as the models say."""
    rate = random.gamma(r, 1 / alpha, size) / 7
    last_purchase = random.geometric(random.beta(a, b, size)) - leaves_at_once
    age = random.integers(200, 900, size)
    frequency, recency, now = np.zeros(size, int), np.zeros(size), np.zeros(size)
    here = last_purchase > 0
    while here.any():
        now = now + random.exponential(1 / rate)
        here = here & (now <= age)
        frequency, recency = frequency + here, np.where(here, now, recency)
        here = here & (frequency < last_purchase)
    return purchases(frequency, recency.astype(int), age, np.ones(size))


@pytest.mark.parametrize(("model", "truth"), [("bg_nbd", (0.6, 7.0, 0.8, 2.4)), ("mbg_nbd", (1.1, 9.0, 0.9, 3.0))])
def test_purchase_fits_find_the_truth(model, truth):
    row = fitted(drawn(np.random.default_rng(1), 200_000, model == "mbg_nbd", *truth))[model]
    assert row["is_reliable"]
    assert [row[name] for name in ("r", "alpha", "a", "b")] == pytest.approx(truth, rel=0.08)


def test_spend_fits_find_the_truth():
    random = np.random.default_rng(1)
    p, q, v = 5.0, 4.0, 30.0
    counts = random.integers(1, 9, 200_000)
    mean = random.gamma(p * counts, 1 / (counts * random.gamma(q, 1 / v, len(counts))))
    row = fitted(of_spend=spend(counts, mean, np.ones(len(counts))))["gamma_gamma"]
    assert row["is_reliable"]
    assert [row[name] for name in "pqv"] == pytest.approx([p, q, v], rel=0.08)


def test_a_fit_is_the_same_whatever_the_order():
    """Customers in another order, or the half of them counted for all, give every digit that marts show."""
    people = drawn(np.random.default_rng(2), 3_000, True, 0.8, 7.0, 0.9, 3.0)
    other = people.order("hash(age_days), hash(recency_days), frequency")
    doubled = people.project("* replace (2 * customers as customers)")
    names = ("r", "alpha", "a", "b")
    first, *others = ([fitted(each)["mbg_nbd"][name] for name in names] for each in (people, other, doubled))
    for each in others:
        assert each == pytest.approx(first, rel=1e-10)


# Scores


def integral(frequency: int, age: float, weeks: float, fit: dict) -> float:
    """
    Purchases to expect of somebody who still buys: the chance p to leave after one has the beta distribution (a, b + x)
    and given it, a negative binomial rate stops with the first exit. Summed over the logit of p.
    """
    logit = np.linspace(-400, 400, 80_001)
    log_p, log_rest = -np.logaddexp(0, -logit), -np.logaddexp(0, logit)
    b = fit["b"] + frequency + fit["first_exit"]
    weight = np.exp(fit["a"] * log_p + b * log_rest - special.betaln(fit["a"], b))
    share = weeks / (fit["alpha"] + age)
    orders = -np.expm1(-(fit["r"] + frequency) * np.log1p(np.exp(log_p) * share)) / np.exp(log_p)
    return float((weight * orders).sum() / weight.sum())


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Warehouse:
    """1,500 people of three years, and 30 who bought on the last day only."""
    random = np.random.default_rng(3)
    start, sales = date(2023, 1, 1), []
    for person in range(1_500):
        day = int(random.integers(0, 900))
        rate, leaves, mean = random.gamma(0.8, 1 / 60), random.beta(1.2, 3), random.gamma(3, 12)
        while day < 1_000:
            amount = round(float(random.gamma(4, mean / 4)) + 0.01, 2)
            sales.append(sale(len(sales), f"{start + timedelta(day)} 12:00", amount, f"P{person}"))
            day = day + 1 + int(random.exponential(1 / rate)) if random.random() > leaves else 1_000
    for person in range(30):
        sales.append(sale(len(sales), f"{start + timedelta(999)} 12:00", 20, f"L{person}"))
    folder = tmp_path_factory.mktemp("shop")
    write_sales(Raw(folder / "raw"), sales)
    return build(folder / "raw", folder, {"systems": ["pos"]}, with_tests=True)


def test_scores_beside_the_integral(shop):
    """Every expectation of the warehouse, from customers of today to those of years ago, to nine digits."""
    (choice,) = shop.rows("from intermediate.int_lifetime__choices")
    rows = shop.rows("from intermediate.int_lifetime__expectations using sample 150 (reservoir, 1)")
    rows += shop.rows("from intermediate.int_lifetime__expectations where age_days = 0 or frequency > 8")
    assert choice["model"] in ("bg_nbd", "mbg_nbd")
    for row in rows:
        found, expected = [], []
        for days in (30, 90, 365):
            found.append(row[f"expected_orders_{days}d"])
            expected.append(integral(row["frequency"], row["age_days"] / 7, days / 7, choice))
        ends = [
            0,
            *(integral(row["frequency"], row["age_days"] / 7, 365 / 84 * month, choice) for month in range(1, 13)),
        ]
        found.append(row["discounted_orders_365d"])
        expected.append(sum((ends[month] - ends[month - 1]) / 1.01**month for month in range(1, 13)))
        assert found == pytest.approx(expected, rel=1e-8)


EDGES = [
    (0.3, 5.0, 1.0, 2.0, 0),  # a - 1 is 0
    (0.3, 5.0, 1.00002, 2.0, 0),
    (0.3, 5.0, 0.4, 0.6, 0),  # a + b - 1 is 0
    (0.5, 4.0, 0.7, 0.8, 0),  # a + b - 1 - r is 0
    (0.6, 1.0, 0.1, 0.2, 1),
    (0.6, 3.0, 5.9, 12.5, 1),
    (1.2, 6.0, 50.0, 200.0, 0),
    (8.0, 0.7, 30.0, 900.0, 0),
    (3.0, 40.0, 2000.0, 9000.0, 0),
]


def test_the_series_wherever_it_is_hard(shop):
    """Parameters where a formula of the textbook divides by 0, needs thousands of terms or runs over."""
    names = ("r", "alpha", "a", "b", "first_exit")
    values = ", ".join(str((number, *map(float, edge[:4]), edge[4])) for number, edge in enumerate(EDGES))
    query = f"""
        with fits as (select * from (values {values}) as v (fit_id, {", ".join(names)})),
        scales as (
            select fit_id, {", ".join(f"cast({name} as double) as {name}" for name in names[:4])}, first_exit from fits
        ),
        customers as (
            select fit_id, frequency, age_days from fits cross join (
                values (0, 0), (0, 3), (0, 700), (1, 1), (2, 272), (3, 10), (12, 21), (26, 217), (150, 900)
            ) as v (frequency, age_days)
        ),
        horizons as (select cast(days as double) as horizon_days from unnest([1, 30, 90, 365]) as v (days))
        {{{{ expected_orders('scales', 'customers', 'horizons') | replace('with', ',', 1) }}}}
    """
    compiled = run_dbt(
        *("compile", "--quiet", "--inline", query), raw=shop.database.parent / "raw", folder=shop.database.parent
    )
    rows = shop.rows(compiled.stdout)
    assert len(rows) == len(EDGES) * 9 * 4
    for row in rows:
        fit = dict(zip(names, EDGES[row["fit_id"]], strict=True))
        expected = integral(row["frequency"], row["age_days"] / 7, row["horizon_days"] / 7, fit)
        assert row["expected_if_alive"] == pytest.approx(expected, rel=1e-7)


def test_the_model_in_use_missed_the_holdout_by_less(shop):
    misses = dict(
        shop.sql("select model, sum(abs(predicted_orders - actual_orders)) from marts.clv_calibration group by model")
    )
    assert set(misses) == {"bg_nbd", "mbg_nbd"}
    used = {model for (model,) in shop.sql("select distinct model from marts.customer_lifetime_value")}
    assert used == {min(misses, key=misses.get)}
    before = "(select as_of - 180 from staging.point_in_time)"
    (held_out,) = shop.sql(
        f"""
        select count(*) filter (where ordered_on > {before}) from (
            select distinct customer_id, ordered_on, min(ordered_on) over (partition by customer_id) as first_ordered_on
            from marts.orders
        ) where first_ordered_on <= {before}
        """
    )
    assert shop.sql("select distinct sum(actual_orders) from marts.clv_calibration group by model") == [held_out]


def test_customers_have_the_same_forecast(shop):
    assert shop.sql(
        """
        select count(*), count(*) filter (where c.probability_alive is distinct from l.probability_alive
            or c.predicted_value_365d is distinct from l.predicted_value_365d)
        from marts.customers as c inner join marts.customer_lifetime_value as l using (customer_id)
        """
    ) == [(1_530, 0)]


def test_without_a_fit_the_average_speaks(raw, tmp_path):
    """Two of three buy once, too few for a model: everybody is expected to buy and spend as all do on average."""
    days = [("A", "2024-01-01", 10), ("A", "2024-04-10", 30), ("B", "2024-02-20", 20), ("C", "2024-04-10", 40)]
    write_sales(raw, [sale(n, f"{day} 12:00", amount, who) for n, (who, day, amount) in enumerate(days)])
    warehouse = build(raw, tmp_path, {"systems": ["pos"], "as_of": "2024-04-10"}, with_tests=True)
    found = warehouse.sql(
        """
        select distinct model, probability_alive, expected_orders_30d, expected_order_value, predicted_value_365d
        from marts.customer_lifetime_value
        """
    )
    orders_a_day = 1 / (100 + 50 + 0)
    assert [(model, alive, float(value), float(year)) for model, alive, _, value, year in found] == [
        ("average", None, 25.00, round(365 * orders_a_day * 25, 2))
    ]
    assert found[0][2] == pytest.approx(30 * orders_a_day, rel=1e-8)


def test_a_first_day_has_no_forecast(raw, tmp_path):
    """Everybody bought today: nothing is known, and null is what says so."""
    write_sales(raw, [sale(number, "2024-04-10 12:00", 10, f"P{number}") for number in range(150)])
    warehouse = build(raw, tmp_path, {"systems": ["pos"]}, with_tests=True)
    assert warehouse.sql(
        "select distinct model, expected_orders_365d, expected_order_value, predicted_value_365d"
        " from marts.customer_lifetime_value"
    ) == [("average", None, 10, None)]
    assert warehouse.sql("select count(*) from marts.clv_calibration") == [(0,)]


def test_the_command_writes_what_the_build_fits(shop, tmp_path):
    """The seed for other engines holds the fits of the Python model to the last digit."""
    folder, seed = shop.database.parent, tmp_path / "clv_parameters.csv"
    fit_lifetime(folder / "raw", folder, seed)
    with seed.open() as file:
        rows = [{name: value or None for name, value in row.items()} for row in csv.DictReader(file)]
    assert (ROOT / "seeds" / "clv_parameters.csv").read_text().strip() == ",".join(rows[0])
    expected = shop.rows("from intermediate.int_lifetime__fits")
    assert [{name: None if v is None else str(v) for name, v in row.items()} for row in expected] == rows
