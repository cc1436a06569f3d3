"""The cost of lifetime value at a million customers: the models that sum up, fit and score, against `lifetimes` 0.11.3.

The purchases are those of the simulated shop that count, by its own truth. They stand where the build would put
purchase days: neither who is who nor the rest of the build takes part. `lifetimes` lives in an environment of its own
(requirements/lifetimes.txt) and reads the same rows.
"""

import json
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.identity import VARIABLES, node_seconds, prepare

ROOT = Path(__file__).resolve().parent.parent
MODELS = ("path:models/intermediate/lifetime", "customer_lifetime_value", "clv_model_parameters", "clv_calibration")

THEIRS = """
import json, sys, time
import duckdb
from lifetimes import BetaGeoFitter, GammaGammaFitter
from lifetimes.utils import summary_data_from_transaction_data

rows = duckdb.connect(sys.argv[1], read_only=True).execute("select * from home_made.purchases").df()
times = [time.perf_counter()]
summary = summary_data_from_transaction_data(
    rows, "customer_id", "ordered_on", "net_revenue", observation_period_end=sys.argv[2], freq="D", freq_multiplier=7
)
times.append(time.perf_counter())
purchases = BetaGeoFitter().fit(summary.frequency, summary.recency, summary["T"])
spending = summary[(summary.frequency > 0) & (summary.monetary_value > 0)]
spend = GammaGammaFitter().fit(spending.frequency, spending.monetary_value)
times.append(time.perf_counter())
purchases.conditional_probability_alive(summary.frequency, summary.recency, summary["T"])
for days in (30, 90, 365):
    purchases.predict(days / 7, summary.frequency, summary.recency, summary["T"])
spend.conditional_expected_average_profit(summary.frequency, summary.monetary_value)
times.append(time.perf_counter())
print(json.dumps([later - earlier for earlier, later in zip(times, times[1:])] + [list(purchases.params_)]))
"""


@dataclass
class Lifetime:
    """Seconds of one run: ours (all lifetime models, and of these the fits), theirs (summary, fit, score).

    parameters are r, alpha, a, b of BG/NBD by both; drift is their largest relative difference.
    """

    customers: int
    purchases: int
    ours: float
    fits: float
    theirs: tuple[float, float, float]
    drift: float


def environment(folder: Path) -> Path:
    """The Python of an environment that has lifetimes."""
    python = folder / "lifetimes" / "bin" / "python"
    if not python.exists():
        venv.create(python.parent.parent, with_pip=True)
        requirements = ROOT / "requirements" / "lifetimes.txt"
        install = ("-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", requirements)
        subprocess.run([python, *install], check=True)
    return python


def measure(customers: int, folder: Path, simulate: Callable, build: Callable) -> Lifetime:
    """
    Lifetime value of so many customers in an empty folder; `simulate(customers, folder, *arguments)` writes a shop
    there and `build(folder, *arguments)` runs dbt.
    """
    simulate(customers, folder / "shop", "--systems", "shopify,pos")
    prepare(1, folder)
    variables = ("--vars", json.dumps(VARIABLES))
    build(folder, "--select", "+customer_lifetime_value", "+clv_calibration", "+clv_model_parameters", *variables)
    database = folder / "perennial.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"""
            create table home_made.purchases as
            select
                person_id::varchar as customer_id, ordered_at::date as ordered_on,
                sum(net)::decimal(18, 2) as net_revenue
            from '{folder}/shop/truth/orders/*.parquet' where is_valid group by all;
            create or replace table intermediate.int_metrics__purchase_days as
            select
                customer_id, ordered_on, date_trunc('month', ordered_on)::date as order_month, 1::bigint as order_count,
                null::bigint as last_order_sequence, net_revenue, 1::bigint as converted_order_count,
                null::decimal(38, 4) as squared_revenue,
                row_number() over (partition by customer_id order by ordered_on) as day_number,
                null::date as previous_ordered_on, null::date as next_ordered_on,
                min(ordered_on) over (partition by customer_id) as first_ordered_on
            from home_made.purchases;
            create or replace table intermediate.int_metrics__customer_segments as
            select customer_id, 'all' as segment_type, 'all' as segment from home_made.purchases group by customer_id
        """)
        ((purchases,),) = connection.execute("select count(*) from home_made.purchases").fetchall()
    build(folder, "--select", *MODELS, "--threads", "1", *variables)
    seconds = node_seconds(folder)
    with duckdb.connect(str(database), read_only=True) as connection:
        ours = connection.execute(
            "select r, alpha, a, b from marts.clv_model_parameters where model = 'bg_nbd' and segment = 'all'"
        ).fetchone()
    command = (environment(folder.parent), "-c", THEIRS, database, VARIABLES["as_of"])
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"lifetimes failed:\n{done.stderr}")
    *theirs, parameters = json.loads(done.stdout)
    drift = max(abs(one / other - 1) for one, other in zip(ours, parameters, strict=True))
    fits = seconds["int_lifetime__fits"]
    return Lifetime(customers, purchases, sum(seconds.values()), fits, tuple(theirs), drift)


def report(found: Lifetime) -> list[str]:
    summary, fit, score = found.theirs
    return [
        "",
        f"## Lifetime value of {found.customers:,} customers",
        "",
        f"{found.purchases:,} purchase days of the simulated shop. Ours: {found.ours:.1f} s for all models with dbt"
        f" (BG/NBD, MBG/NBD and Gamma-Gamma, fitted twice for the holdout, calibration and scores), of which the fits"
        f" {found.fits:.1f} s. `lifetimes`: {summary + fit + score:.1f} s for one BG/NBD and one Gamma-Gamma (summary"
        f" {summary:.1f}, fit {fit:.1f}, score {score:.1f}): {found.ours / (summary + fit + score):.2f} times. The"
        f" parameters of BG/NBD differ by at most {found.drift:.0e} of their size.",
    ]
