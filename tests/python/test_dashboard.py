"""The page: rendered from the sample's warehouse, readable without a network, looked at in a browser."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import DBT, ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def page(sample, tmp_path_factory) -> Path:
    """The rendered page, in a copy of what dct reads: it wants manifest and database below the project."""
    project = tmp_path_factory.mktemp("page")
    for folder in ("charts", "templates"):
        shutil.copytree(ROOT / folder, project / folder)
    for file in (ROOT / "dbt_project.yml", sample.database):
        shutil.copy(file, project)
    (project / "target").mkdir()
    shutil.copy(sample.target / "manifest.json", project / "target")
    result = subprocess.run(
        [
            DBT.parent / "dct",
            "render",
            "charts/retention.yml",
            "--format",
            "html",
            "--no-cache",
            "--output",
            "page.html",
        ],
        cwd=project,
        capture_output=True,
        text=True,
        env=os.environ
        | {
            "PERENNIAL_PAGE_DB": sample.database.name,
            "DBT_PROFILES_DIR": str(project / "charts"),
            "DO_NOT_TRACK": "1",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        },
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return project / "page.html"


def test_page_shows_the_figures_of_the_marts(sample, page):
    """Every figure, interval and definition of dashboard_scorecard stands on the page as it is in the mart."""
    html = re.sub(r"<[^>]+>", "", page.read_text()).replace("\u00a0", " ")
    squeezed = re.sub(r"\s+", "", html)
    for row in sample.rows("select label, value_text, interval_text, counts_text from marts.dashboard_scorecard"):
        for text in row.values():
            assert re.sub(r"\s+", "", text) in squeezed


def test_page_masks_immature_cells(sample, page):
    """A cell without a rate is hatched, one with a rate is not."""
    html = page.read_text()
    masked = sample.one(
        "select count(*) from marts.dashboard_cohorts where retention_rate is null and months_since_first > 0"
    )
    assert masked > 0
    assert html.count("the month is not over, so no rate is shown") == masked
    assert len(re.findall(r'fill="url\(#[^)]*-open\)"', html)) == masked + 1  # the legend has one too


def test_page_needs_no_network(page):
    assert not re.search(r'(src|href)="https?://', page.read_text())


@pytest.mark.skipif(not CHROMIUM, reason="needs Chromium on the PATH: apt-get install chromium")
def test_page_fits_a_laptop(page, tmp_path):
    """At 1366 x 768 the browser draws the page without sideways scrolling: nothing lies right of the window."""
    probe = tmp_path / "probe.html"
    script = "<script>onload=()=>document.title='width '+document.documentElement.scrollWidth</script>"
    probe.write_text(page.read_text().replace("</body>", script + "</body>"))
    flags = [
        "--headless",
        "--no-sandbox",
        "--no-first-run",
        "--hide-scrollbars",
        "--window-size=1366,768",
        "--dump-dom",
    ]
    flags += [f"--disable-{part}" for part in ("gpu", "quic", "background-networking", "component-update", "sync")]
    drawn = subprocess.run(
        [CHROMIUM, *flags, f"--user-data-dir={tmp_path / 'profile'}", probe.as_uri()],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    ).stdout
    assert int(re.search(r"<title>width (\d+)", drawn)[1]) <= 1366
