"""A copy of the live warehouse, built with the settings as they are in the working tree."""

import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import yaml

from preview.compare import MEASURES, NEEDED

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache" / "preview"
DBT = Path(sys.executable).parent / "dbt"
ERROR_LINES = 8


class PreviewError(Exception):
    """There is nothing to compare; the text says what to do."""


@contextmanager
def rebuilt(live: Path, variables: str = "{}") -> Iterator[Path]:
    """The path of a copy of `live`, built with the settings of the working tree; it is removed at the end.

    `variables` are dbt's vars as YAML. as_of is that of the live warehouse, so that only settings differ. The live file
    is only read. dbt's parsed project stays in .cache/preview, so that the next preview begins sooner.

    Raises PreviewError: the target is not DuckDB, the live warehouse is missing, in use or written to meanwhile, a
    second preview runs in the same folder, or the build fails.
    """
    check_target()
    as_of = as_of_of(live)
    chosen = with_as_of(variables, as_of)
    copy = CACHE / "warehouse" / live.name  # views name the database after its file, so the copy keeps the name
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise PreviewError("Another preview runs in this folder: wait for its end.") from None
        try:
            before = state_of(live)
            tell(f"copying {live.name}, {live.stat().st_size / 1e6:,.0f} MB")
            take_copy(live, copy)
            tell(f"building the copy with the settings in seeds/, as of {as_of}; this takes as long as make build")
            build(copy, chosen)
            tell("comparing")
            yield copy
            if state_of(live) != before:
                raise PreviewError(f"{live.name} was written to during the preview: run it again.")
        finally:
            shutil.rmtree(copy.parent, ignore_errors=True)


def tell(progress: str) -> None:
    """A line on stderr."""
    print(progress, file=sys.stderr, flush=True)


def check_target() -> None:
    """Raises PreviewError unless the target of dbt's profile is DuckDB, in the file that PERENNIAL_DB names."""
    profile = yaml.safe_load((ROOT / "dbt_project.yml").read_text())["profile"]
    folder = ROOT / os.environ.get("DBT_PROFILES_DIR", "")
    settings = yaml.safe_load((folder / "profiles.yml").read_text())[profile]
    target = os.environ.get("DBT_TARGET") or settings["target"]
    output = settings["outputs"].get(target, {})
    if output.get("type") != "duckdb" or "PERENNIAL_DB" not in str(output.get("path")):
        raise PreviewError(
            f"The target {target} of profiles.yml is no DuckDB file that PERENNIAL_DB names, and only such a one is"
            " copied: run make build on the target duckdb, and the preview there."
        )


def as_of_of(live: Path) -> date:
    """The day that the live warehouse looks from. Raises PreviewError if there is no complete warehouse to read."""
    advice = "run make build with the accepted settings, or set PERENNIAL_DB to the file that it wrote."
    if not live.is_file():
        raise PreviewError(f"There is no warehouse {live.name} to compare with: {advice}")
    try:
        with duckdb.connect(str(live), read_only=True) as connection:
            for table in NEEDED:
                connection.execute(f"select 1 from {table} limit 0")
            return connection.execute("select as_of from staging.point_in_time").fetchone()[0]
    except duckdb.CatalogException:
        raise PreviewError(f"{live.name} is no complete warehouse: {advice}") from None
    except duckdb.IOException as error:
        if "lock" in str(error):
            raise PreviewError(f"{live.name} is in use by another process: wait or close it, then try again.") from None
        raise PreviewError(f"{live.name} cannot be read ({str(error).splitlines()[0]}): {advice}") from None


def with_as_of(variables: str, as_of: date) -> dict:
    """dbt's vars with as_of as a day. Raises PreviewError if they are no mapping or name another day."""
    try:
        chosen = yaml.safe_load(variables) or {}
    except yaml.YAMLError:
        chosen = None
    if not isinstance(chosen, dict):
        raise PreviewError(f"The vars must be a YAML mapping such as '{{systems: [pos]}}', not {variables}.")
    if str(chosen.get("as_of") or as_of) != str(as_of):
        raise PreviewError(
            f"The live warehouse looks from {as_of}, not from {chosen['as_of']}: leave as_of out, or run make build"
            " with it and the accepted settings first."
        )
    return chosen | {"as_of": str(as_of)}


def state_of(live: Path) -> list[tuple[int, int] | None]:
    """Size in bytes and time of change of the database file and of its log; None where there is none."""
    return [
        (file.stat().st_size, file.stat().st_mtime_ns) if file.exists() else None
        for file in (live, live.with_name(live.name + ".wal"))
    ]


def take_copy(live: Path, copy: Path) -> None:
    """Copy the database without what will be compared, so that nothing unbuilt can pass for built."""
    shutil.rmtree(copy.parent, ignore_errors=True)
    copy.parent.mkdir()
    for file in (live.with_name(live.name + ".wal"), live):
        if file.exists():
            shutil.copyfile(file, copy.with_name(file.name))
    with duckdb.connect(str(copy)) as connection:
        connection.execute("drop schema if exists marts cascade; drop schema if exists audiences cascade")


def build(copy: Path, variables: dict) -> None:
    """Build all seeds in the copy, with their tests, and what is compared. Raises PreviewError with dbt's error."""
    tables = {*NEEDED, *(measure.table for measure in MEASURES)}
    wanted = ["resource_type:seed", "+path:models/audiences", *(f"+{name.split('.')[1]}" for name in sorted(tables))]
    command = [str(DBT), "build", "--select", *wanted, "--exclude-resource-type", "unit_test"]
    command += ["--exclude", "resource_type:test,path:models", "resource_type:test,path:tests"]
    command += ["--vars", json.dumps(variables)]
    command += ["--target-path", str(CACHE / "target"), "--log-path", str(CACHE / "logs")]
    environment = os.environ | {"PERENNIAL_DB": str(copy)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise PreviewError(f"The build failed: correct what dbt says and try again.\n{what_failed(done.stdout)}")


def what_failed(log: str) -> str:
    """The lines of dbt's output that tell its first error."""
    lines = [re.sub(r"^\d\d:\d\d:\d\d\s+", "", line).strip() for line in log.splitlines()]
    begins = (place for place, line in enumerate(lines) if re.match(r"\w+ Error\b", line))
    begin = next(begins, max(0, len(lines) - ERROR_LINES))
    told = [line for line in lines[begin : begin + ERROR_LINES] if line]
    return "\n".join(line for line in told if not line.startswith(("Done.", "> ")))
