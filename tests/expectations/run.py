"""Validate suites on a built warehouse, and write the pages."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import great_expectations as gx
from great_expectations.data_context.types.base import ProgressBarsConfig

from tests.expectations.suite import Suite, words


@dataclass(frozen=True)
class Outcome:
    """A suite with the columns whose sentence is not true; `is_absent` if its raw system has no rows."""

    suite: Suite
    broken: tuple[str, ...] = ()
    is_absent: bool = False


def validate(connection: duckdb.DuckDBPyConnection, suites: Iterable[Suite], out: Path | None = None) -> list[Outcome]:
    """
    Ask every suite of the warehouse that `connection` is open on; with `out`, write the pages into that folder.

    Pages of an earlier run are replaced. Nothing but the queries' results is kept, and those only in memory.

    Raises FileExistsError if the folder holds anything else.
    """
    if out is not None and out.exists() and any(out.iterdir()) and not (out / "expectations").is_dir():
        raise FileExistsError(f"{out} holds other files: choose another --out.")
    connection.execute("set timezone = 'UTC'")
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    context.delete_data_docs_site("local_site")
    warehouse = context.data_sources.add_pandas("warehouse")
    (as_of,) = connection.execute("select as_of from staging.point_in_time").fetchone()
    outcomes = []
    for suite in suites:
        if suite.system and not has_rows(connection, suite.system):
            outcomes.append(Outcome(suite, is_absent=True))
            continue
        frame = connection.execute(suite.query).df().rename(columns=words)
        expectations = [expect.expectation() for expect in suite.expects]
        definition = gx.ValidationDefinition(
            name=suite.name,
            data=warehouse.add_dataframe_asset(suite.name).add_batch_definition_whole_dataframe("result"),
            suite=context.suites.add(
                gx.ExpectationSuite(name=suite.name, expectations=expectations, notes=suite.about)
            ),
        )
        checkpoint = gx.Checkpoint(
            name=suite.name,
            validation_definitions=[context.validation_definitions.add(definition)],
            result_format="BASIC",
        )
        run = context.checkpoints.add(checkpoint).run(
            batch_parameters={"dataframe": frame}, run_id=gx.RunIdentifier(run_name=f"as of {as_of}")
        )
        (result,) = run.run_results.values()
        broken = {entry.expectation_config.kwargs["column"] for entry in result.results if not entry.success}
        outcomes.append(
            Outcome(suite, tuple(expect.column for expect in suite.expects if words(expect.column) in broken))
        )
    if out is not None:
        write_pages(context, out)
    return outcomes


def has_rows(connection: duckdb.DuckDBPyConnection, system: str) -> bool:
    (count,) = connection.execute(
        f"select coalesce(sum(raw_rows), 0) from quality.row_accounting where system = '{system}'"
    ).fetchone()
    return count > 0


def write_pages(context, out: Path) -> None:
    shutil.rmtree(out, ignore_errors=True)
    context.add_data_docs_site(
        "perennial",
        {
            "class_name": "SiteBuilder",
            "show_how_to_buttons": False,
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder", "show_cta_footer": False},
            "store_backend": {
                "class_name": "TupleFilesystemStoreBackend",
                "base_directory": str(Path(out).resolve()),
            },
        },
    )
    context.build_data_docs()
