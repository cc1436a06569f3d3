"""One definition of each metric: what MetricFlow answers is what the scorecard says."""

import csv
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT, environment_of

MF = Path(sys.executable).with_name("mf")
METRICS = (
    "average_order_value", "purchase_frequency", "revenue_per_customer", "returning_customer_rate",
    "on_time_delivery_rate", "promise_accuracy", "promise_coverage", "wismo_share", "first_response_rate",
)  # fmt: skip


@pytest.fixture(scope="module")
def answers(simulated, tmp_path_factory) -> dict[tuple[str, str], float]:
    """By metric and month (ISO). mf wants the manifest in the project's own target folder: it gets another project."""
    project = tmp_path_factory.mktemp("semantic")
    for path in ROOT.iterdir():
        if path.name not in ("target", "logs", ".git"):
            (project / path.name).symlink_to(path)
    (project / "target").symlink_to(simulated.warehouse.target)
    database = shutil.copy(simulated.warehouse.database, project)  # which mf opens for writing
    answer = project / "answer.csv"
    # In the zone that a parcel is in, it may be a day later.
    as_of = simulated.warehouse.one("select as_of from staging.point_in_time")
    query = (
        f"--metrics {','.join(METRICS)} --group-by metric_time__month --end-time {as_of} --decimals 9 --csv {answer}"
    )
    environment = environment_of(simulated.raw, project) | {"PERENNIAL_DB": str(database)}
    done = subprocess.run([MF, "query", *query.split()], cwd=project, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    with answer.open() as file:
        return {
            (metric, row["metric_time__month"][:10]): float(row[metric])
            for row in csv.DictReader(file)
            for metric in METRICS
            if row[metric]
        }


@pytest.mark.parametrize("metric", METRICS)
def test_metricflow_answers_what_the_scorecard_says(metric, answers, simulated):
    published = dict(
        simulated.sql(f"""
            select strftime(period_month, '%Y-%m-%d'), numerator / denominator from marts.retention_scorecard
            where metric = '{metric}' and period_window = 'month' and segment_type = 'all' and denominator > 0
        """)
    )
    answered = {month: value for (name, month), value in answers.items() if name == metric}
    assert len(published) > 12
    assert answered == pytest.approx(published, rel=1e-6)
