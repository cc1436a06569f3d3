"""The cost of matching at a million people: the node that clusters against SciPy's compiled routine on the same edges.

The people are synthetic and drawn in one SQL statement: each has a card, an account, one or two addresses, often a
phone; some share an address or a phone with another person, so that clusters must be cut. They come as a relation of
one's own.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

RECORDS_PER_PERSON = 4
DAYS = 30
CLUSTERING = ("int_identity__matched", "int_identity__decided", "int_identity__clusters")
VARIABLES = {
    "systems": ["pos"],
    "as_of": "2025-12-31",
    "reporting_currency": "EUR",
    "custom_customer_records": "home_made.people",
}

PEOPLE = """
    create schema home_made;
    create table home_made.people as
    with chances as (
        select person, record, hash(person, record) / 18446744073709551615 as draw, hash(person, 99) % 1000 as habit
        from range({people}) as people (person), range({records}) as records (record)
    )
    select
        'home' as source_name, 'person' as source_record_type, person || '-' || record as source_record_id,
        timestamp '2020-01-01' + to_days((hash(person, record, 1) % 1800)::int) as recorded_at,
        case when record = 0 and habit < 700 then 'home:shop:' || person end as platform_customer_id,
        case when record = 1 and habit > 400 then 'card' || person end as loyalty_id,
        case
            when draw < 0.10 then 'second' || person || '@example.org'
            when draw < 0.13 and habit < 60 then 'mail' || (person // 2 * 2) || '@example.org'
            when draw < 0.80 then 'mail' || person || '@example.org'
        end as email,
        case
            when draw > 0.97 and habit < 60 then '+1212' || lpad((2000000 + person // 2 * 2)::varchar, 7, '0')
            when draw > 0.55 and person < 7000000 then '+1212' || lpad((2000000 + person)::varchar, 7, '0')
        end as phone,
        case when record % 2 = 0 then ['anna', 'bert', 'carl', 'dora', 'emil'][1 + person % 5] end as first_name,
        null::varchar as last_name, false as is_email_verified, 'US' as country_code
    from chances
"""


@dataclass
class SciPy:
    """Seconds of connected_components on all edges: on arrays in memory (its matrix included), from a table of numbered
    edges to one of labels, and from identifiers as text, which it needs to be numbered first.
    """

    routine: float
    stored: float
    from_text: float
    edges: int


@dataclass
class Clustering:
    """Of one run: counts, seconds of each part, peak MB of a dbt that clusters and does nothing else.

    components is what the clustering spends on connected components without limits, from a table of numbered edges to
    one of nodes, and numbering what it takes to number identifiers, which are text.
    """

    people: int
    records: int
    numbering: float
    components: float
    clustering: float
    scipy: SciPy
    matching: float
    memory: float


@dataclass
class Arrival:
    """People who came on so many days; seconds of the first and of the last build; ids that retired meanwhile."""

    people: int
    first: float
    last: float
    retired: int


def prepare(people: int, folder: Path) -> None:
    """A till with one walk-in, and the people as a relation of one's own, in an empty folder."""
    raw = folder / "raw" / "pos"
    raw.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(f"""
            copy (select '1' as sale_id, 'S1' as store_id, '2025-01-01 10:00:00' as sold_at, 'EUR' as currency)
            to '{raw / "sales.parquet"}';
            copy (
                select '1' as sale_id, 'S1' as store_id, '1' as line_no, 'P' as sku, '1' as quantity, '5' as unit_price
            )
            to '{raw / "sale_lines.parquet"}'
        """)
    with duckdb.connect(str(folder / "perennial.duckdb")) as connection:
        connection.execute(PEOPLE.format(people=people, records=RECORDS_PER_PERSON))


def measure(people: int, folder: Path, build: Callable) -> Clustering:
    """Match so many people in an empty folder; `build(folder, *arguments)` runs dbt there and returns its usage."""
    prepare(people, folder)
    variables = ("--vars", json.dumps(VARIABLES))
    build(folder, "--select", "+int_identity__members", *variables)
    matching = sum(value for name, value in node_seconds(folder).items() if name.startswith("int_identity__"))
    log = folder / "clustering"
    options = ("--log-format-file", "json", "--log-path", str(log))
    usage = build(folder, "--select", *CLUSTERING, *variables, *options)
    with duckdb.connect(str(folder / "perennial.duckdb")) as connection:
        ((records,),) = connection.execute("select count(*) from home_made.people").fetchall()
        scipy, numbering = scipy_seconds(connection), numbering_seconds(connection)
    return Clustering(
        people=people,
        records=records,
        components=components_seconds(log / "dbt.log"),
        clustering=sum(node_seconds(folder)[name] for name in CLUSTERING),
        numbering=numbering,
        scipy=scipy,
        matching=matching,
        memory=usage.memory,
    )


def node_seconds(folder: Path) -> dict[str, float]:
    """Seconds of each node of the last build in a folder."""
    results = json.loads((folder / "target" / "run_results.json").read_text())["results"]
    return {each["unique_id"].split(".")[-1]: each["execution_time"] for each in results}


def arrive(people: int, folder: Path, build: Callable) -> Arrival:
    """Match people whose records come on DAYS days in any order, one build a day, then all anew.

    Raises AssertionError unless the same records are one person as in a warehouse that saw them all at once, a full
    refresh keeps every id, and every id that any build gave out leads to a living one over at most one redirect.
    """
    at_once = folder / "at_once"
    prepare(people, at_once)
    prepare(people, folder)
    models = ("--select", "+customer_id_redirects", "+int_identity__records", "--vars", json.dumps(VARIABLES))
    build(at_once, *models)
    database, seconds, given = folder / "perennial.duckdb", [], set()
    with duckdb.connect(str(database)) as connection:
        connection.execute("alter table home_made.people rename to everybody")
    for day in range(1, DAYS + 1):
        with duckdb.connect(str(database)) as connection:
            connection.execute(
                "create or replace table home_made.people as from home_made.everybody"
                f" where hash(source_record_id) % {DAYS} < {day}"
            )
        seconds.append(build(folder, *models).wall)
        given |= set(people_of(database).values())
    arrived = people_of(database)
    build(folder, *models, "--full-refresh")
    assert people_of(database) == arrived, "a full refresh changed ids"
    pairs = {(arrived[record], one) for record, one in people_of(at_once / "perennial.duckdb").items()}
    assert len(pairs) == len(set(arrived.values())) == len({one for _, one in pairs}), "other people than at once"
    with duckdb.connect(str(database), read_only=True) as connection:
        redirects = dict(
            connection.execute("select old_customer_id, customer_id from marts.customer_id_redirects").fetchall()
        )
    living = set(arrived.values())
    assert {redirects.get(each, each) for each in given} <= living, "an id leads nowhere"
    return Arrival(people, seconds[0], seconds[-1], len(given - living))


def people_of(database: Path) -> dict[str, str]:
    """The person of each record."""
    with duckdb.connect(str(database), read_only=True) as connection:
        return dict(
            connection.execute(
                "select source_record_id, customer_id from intermediate.int_identity__assigned"
                " where customer_id is not null"
            ).fetchall()
        )


def components_seconds(log: Path) -> float:
    """Seconds of the statements of int_identity__matched up to its table of labels, by dbt's log in JSON."""
    total, running = 0.0, ""
    for event in map(json.loads, log.read_text().splitlines()):
        data = event["data"]
        if data.get("node_info", {}).get("node_name") != "int_identity__matched":
            continue
        running = data.get("sql", running)
        if event["info"]["name"] == "SQLQueryStatus":
            total += data["elapsed"]
            if "int_identity__matched__labels" in running and "create" in running:
                return total
    raise ValueError(f"{log} has no statement that writes int_identity__matched__labels")


def scipy_seconds(connection: duckdb.DuckDBPyConnection) -> SciPy:
    import numpy as np
    import pandas as pd
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    def fetch(query: str) -> list[np.ndarray]:
        return list(connection.execute(query).fetchnumpy().values())

    def label(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        size = int(max(one.max(), other.max())) + 1
        graph = coo_matrix((np.ones(len(one), dtype=np.int8), (one, other)), shape=(size, size)).tocsr()
        return connected_components(graph, directed=False)[1]

    def store(labels: np.ndarray) -> None:
        connection.register("labels", {"node_id": np.arange(len(labels)), "cluster_id": labels})
        connection.execute("create or replace table home_made.labels as from labels")

    times = [time.perf_counter()]
    one, other = fetch("select node_a, node_b from intermediate.int_identity__edges")
    times.append(time.perf_counter())
    labels = label(one, other)
    times.append(time.perf_counter())
    store(labels)
    times.append(time.perf_counter())
    account, text = fetch(
        "select account_id, identifier_type || '|' || identifier_value from intermediate.int_identity__usable"
    )
    store(label(account, pd.factorize(text)[0] + account.max() + 1))
    times.append(time.perf_counter())
    return SciPy(times[2] - times[1], times[3] - times[0], times[4] - times[3], len(one))


def numbering_seconds(connection: duckdb.DuckDBPyConnection) -> float:
    """Seconds to number the identifiers, which are text, in SQL."""
    started = time.perf_counter()
    connection.execute("""
        create or replace table home_made.numbered as
        select account_id, dense_rank() over (order by identifier_type, identifier_value) as identifier_id
        from intermediate.int_identity__usable
    """)
    return time.perf_counter() - started


def report(found: Clustering, arrival: Arrival) -> list[str]:
    from_text = found.numbering + found.components
    return [
        "",
        f"## Matching {found.people:,} people",
        "",
        f"{found.records:,} synthetic records, {found.scipy.edges:,} edges. Connected components of identifiers as they"
        " are told, which are text, and of edges that are numbered already:",
        "",
        "| | from text s | from numbers s |",
        "|---|---:|---:|",
        f"| in SQL, from table to table | {from_text:.1f} | {found.components:.1f} |",
        f"| with SciPy, fetched and stored | {found.scipy.from_text:.1f} | {found.scipy.stored:.1f} |",
        f"| SciPy's routine alone, on arrays in memory | | {found.scipy.routine:.1f} |",
        f"| times SciPy | {from_text / found.scipy.from_text:.1f} | {found.components / found.scipy.stored:.1f} |",
        "",
        f"Clustering with every limit and decision kept takes {found.clustering:.1f} s with dbt, at a peak of"
        f" {found.memory:,.0f} MB; all models of matching {found.matching:.1f} s.",
        "",
        f"The records of {arrival.people:,} people arrived on {DAYS} days with a build each ({arrival.first:.0f} s the"
        f" first, {arrival.last:.0f} s the last): the same people as all at once, every id kept by a full refresh,"
        f" {arrival.retired:,} ids retired and each one redirect away from a living one.",
    ]
