"""Who is who: the warehouse's clusters against plain Python, against the simulated shop's truth, and through time."""

import hashlib
import itertools
import json
import random
import re

import duckdb
import pytest
from conftest import (
    BuildFailed,
    Raw,
    Simulated,
    Warehouse,
    known_truth,
    run_dbt,
    sale,
    simulate,
    unseen_seed,
    write_sales,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from identity_reference import Matching, matching, names_agree, resolve, scores
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

# Random worlds against the reference

NAMES = ("anna", "anne", "bert", "bob", "christopher", "kristopher", "a", None, None)


def world(number: int, chance: random.Random) -> tuple[list[dict], list[tuple], list[tuple]]:
    """Records of a few people who share, forget and mistype what they are known by; pairs to join and to part."""
    space = f"w{number}"

    def pick(kind: str, count: int, often: float) -> str | None:
        return f"{space}{kind}{chance.randrange(count)}" if chance.random() < often else None

    records = []
    few = chance.randrange(1, 8)
    for place in range(chance.randrange(1, 14)):
        number_ = pick("c", few, 0.3)
        email = pick("e", few, 0.6)
        phone = f"+1{2125000000 + number * 100 + 37 + chance.randrange(few)}" if chance.random() < 0.4 else None
        records.append({
            "id": f"{space}-{place}",
            "own_key": f"home:person:{space}-{place}",
            "customer_number": number_ and f"home:{chance.choice('xy')}:{number_}",
            "loyalty_id": pick("l", few, 0.2),
            "email": email and f"{email}@example.org",
            "phone": phone,
            "first_name": chance.choice(NAMES),
                "last_name": chance.choice(NAMES),
            "is_email_verified": chance.random() < 0.2,
            "day": chance.randrange(1, 1500),
        })  # fmt: skip
    ids = [each["id"] for each in records if any(each[f] for f in ("customer_number", "loyalty_id", "email", "phone"))]
    pairs = {"must": [], "cannot": []}
    for kind in pairs:
        if len(ids) > 1 and chance.random() < 0.3:
            pairs[kind] = [tuple(chance.sample(ids, 2))]
    return records, pairs["must"], pairs["cannot"]


def worlds(count: int, chance: random.Random) -> tuple[list[dict], list[tuple], list[tuple], set[frozenset]]:
    """Random worlds that share nothing, as one: records, pairs to join, pairs to part, the people by plain Python."""
    records, must, cannot, people = [], [], [], set()
    for number in range(count):
        one = world(number, chance)
        people |= resolve(*one)
        for everything, part in zip((records, must, cannot), one, strict=True):
            everything.extend(part)
    chance.shuffle(records)
    return records, must, cannot, people


LINK = ("identifier_type", "identifier_value", "source_name", "source_record_type", "source_record_id")


class Graphs:
    """A database in which only what leads to clusters is built again for every set of records."""

    MODELS = ("int_customer_records__unioned+,+customer_id_redirects", "int_customer_records__unioned+,+identity_cuts")

    def __init__(self, folder, requests: tuple[dict, ...] = ()):
        """`requests` are rows of privacy.erasure_requests."""
        self.folder = folder
        self.raw = write_sales(Raw(folder / "raw"), [sale(1, "2024-01-01 10:00:00", 5.0, customer=None)])
        if requests:
            self.raw.write("privacy.erasure_requests", requests)
        self.variables = {
            "systems": ["pos", "privacy"] if requests else ["pos"],
            "as_of": "2025-12-31",
            "reporting_currency": "EUR",
            "custom_customer_records": "home_made.people",
        }
        self.load([], [], [])
        self.run("build", "-s", "+customer_id_redirects", "+identity_cuts", "--exclude-resource-type", "test")

    def run(self, *command: str) -> None:
        done = run_dbt(*command, raw=self.raw.folder, folder=self.folder, variables=self.variables)
        assert done.returncode == 0, done.stdout[-3000:]

    def forgotten(self) -> "Graphs":
        """The same without any customer id issued."""
        with duckdb.connect(str(self.folder / "warehouse.duckdb")) as connection:
            connection.execute("drop schema state cascade; create schema state")
        return self

    def without_links(self) -> None:
        """The history as it was written before it told what joined people."""
        with duckdb.connect(str(self.folder / "warehouse.duckdb")) as connection:
            for column in LINK:
                connection.execute(f"alter table state.customer_id_changes drop column {column}")

    def load(self, records: list[dict], must: list[tuple], cannot: list[tuple]) -> None:
        with duckdb.connect(str(self.folder / "warehouse.duckdb")) as connection:
            connection.execute("create schema if not exists home_made")
            connection.execute("""
                create or replace table home_made.people (
                    source_name varchar, source_record_type varchar, source_record_id varchar, recorded_at timestamp,
                    platform_customer_id varchar, loyalty_id varchar, email varchar, phone varchar, first_name varchar,
                    last_name varchar, is_email_verified boolean, country_code varchar
                )
            """)
            rows = [
                {
                    "source_name": "home",
                    "source_record_type": "person",
                    "source_record_id": each["id"],
                    "day": each["day"],
                    "platform_customer_id": each["customer_number"],
                    **{
                        key: each[key]
                        for key in ("loyalty_id", "email", "phone", "first_name", "last_name", "is_email_verified")
                    },
                }
                for each in records
            ]
            if rows:
                file = self.folder / "people.json"
                file.write_text(json.dumps(rows))
                connection.execute(
                    f"""
                    insert into home_made.people
                    select source_name, source_record_type, source_record_id,
                        timestamp '2020-01-01' + to_days(day::int), platform_customer_id, loyalty_id, email, phone,
                        first_name, last_name, is_email_verified, 'US'
                    from read_json('{file}', columns = {{
                        source_name: 'varchar', source_record_type: 'varchar', source_record_id: 'varchar', day: 'int',
                        platform_customer_id: 'varchar', loyalty_id: 'varchar', email: 'varchar', phone: 'varchar',
                        first_name: 'varchar', last_name: 'varchar', is_email_verified: 'boolean'
                    }}, maximum_object_size = 100000000)
                    """
                )
                connection.execute("delete from settings.identity_overrides")
            pairs = [("must_link", *pair) for pair in must] + [("cannot_link", *pair) for pair in cannot]
            if pairs:
                connection.executemany(
                    """
                    insert into settings.identity_overrides by name
                    select ? as rule_id, ? as action, 'home' as left_source_name, 'person' as left_record_type,
                        ? as left_record_id, 'home' as right_source_name, 'person' as right_record_type,
                        ? as right_record_id
                    """,
                    [(str(number), *pair) for number, pair in enumerate(pairs)],
                )

    def clusters(self, records: list[dict], must: list[tuple], cannot: list[tuple]) -> set[frozenset]:
        self.load(records, must, cannot)
        self.run("run", "-s", *self.MODELS)
        found = self.rows("select list(source_record_id) from intermediate.int_identity__members group by cluster_id")
        return {frozenset(each) for (each,) in found}

    def rows(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.folder / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def graphs(tmp_path_factory) -> Graphs:
    return Graphs(tmp_path_factory.mktemp("graphs"))


A_FEW_TIMES = settings(
    max_examples=3, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None
)


@A_FEW_TIMES
@given(seed=st.integers(0, 2**32 - 1))
def test_clusters_are_those_of_plain_python(graphs, seed):
    """Three thousand random worlds at once; they share nothing, so that one build resolves all."""
    records, must, cannot, expected = worlds(3_000, random.Random(seed))
    ours = graphs.clusters(records, must, cannot)
    assert sorted(map(sorted, ours ^ expected))[:6] == []


def test_components_of_any_graph_are_those_of_scipy(graphs):
    """Chains, rings, stars, hermits and random graphs, whose nodes are numbered at random; a household is any graph."""
    chance = random.Random(7)
    numbers, pairs = chance.sample(range(30_000), 20_000), []
    kinds = ("chain", "ring", "star", *["random"] * 6)
    for kind, size in itertools.product(kinds, (1, 2, 3, 7, 60, 400)):
        nodes = [numbers.pop() for _ in range(size)]
        if kind == "star":
            pairs += [(nodes[0], node) for node in nodes]
        elif kind in ("chain", "ring"):
            pairs += zip(nodes, nodes[1:] + nodes[:1] if kind == "ring" else nodes[1:], strict=False)
        else:
            pairs += [(chance.choice(nodes), chance.choice(nodes)) for _ in nodes]
    chance.shuffle(pairs)
    with duckdb.connect(str(graphs.folder / "warehouse.duckdb")) as connection:
        connection.execute("create or replace table intermediate.int_households__links (node_a bigint, node_b bigint)")
        connection.executemany("insert into intermediate.int_households__links values (?, ?)", pairs)
    graphs.run("run", "-s", "int_households__clusters")
    found = dict(graphs.rows("select node_id, cluster_id from intermediate.int_households__clusters"))
    one, other = zip(*pairs, strict=True)
    _, labels = connected_components(coo_matrix(([1] * len(pairs), (one, other)), shape=(30_000, 30_000)), False)
    smallest = {}
    for node in sorted(found):
        smallest.setdefault(labels[node], node)
    assert found == {node: smallest[labels[node]] for node in {*one, *other}}


def test_a_decision_joins_whole_people_whatever_limits_say():
    """In the reference, which the database agrees with."""
    nothing = dict.fromkeys(("loyalty_id", "email", "phone", "first_name", "last_name"))
    records = [
        nothing
        | {"id": name, "own_key": name, "day": 1, "customer_number": f"home:shop:{name[0]}", "first_name": name[0] * 4}
        for name in ("a1", "a2", "b1", "b2")
    ]
    assert resolve(records) == {frozenset(("a1", "a2")), frozenset(("b1", "b2"))}
    assert resolve(records, must=[("a1", "b1")]) == {frozenset(("a1", "a2", "b1", "b2"))}
    assert resolve(records, must=[("a1", "b1")], cannot=[("a2", "b2")]) == resolve(records)


def test_names():
    assert names_agree(("jo", None), ("johanna", "smith"))
    assert names_agree(("catherine", None), ("katherine", None))
    assert names_agree(("anna", "bert"), ("bert", "anna"))
    assert names_agree(("ivy", None), ("iyv", None))
    assert not names_agree(("anna", "smith"), ("bert", "smith"))
    assert not names_agree(("tim", None), ("tom", None))


# Ids through time


def person(name: str, day: int, **known: str) -> dict:
    """A record of the relation home_made.people."""
    nothing = dict.fromkeys(("customer_number", "loyalty_id", "email", "phone", "first_name", "last_name"))
    return nothing | {"id": name, "own_key": f"home:person:{name}", "is_email_verified": False, "day": day} | known


@pytest.fixture(scope="module")
def story(graphs) -> list[dict]:
    """Four builds of one database: two people; a record that joins them; a decision that parts them; a full refresh."""
    told = graphs.forgotten()
    anna = person("anna", 10, email="anna@example.org", phone="+12125550101")
    other = person("other", 20, loyalty_id="L1", email="a.smith@example.org")
    bridge = person("bridge", 30, phone="+12125550101", email="a.smith@example.org")
    chapters = []

    def chapter(records: list[dict], cannot: list[tuple], *more: str) -> None:
        told.load(records, [], cannot)
        told.run("run", "-s", *told.MODELS, *more)
        chapters.append({
            "people": dict(told.rows(
                "select source_record_id, customer_id from intermediate.int_identity__assigned"
                " where source_name = 'home'"
            )),
            "redirects": told.rows("select old_customer_id, customer_id, reason from marts.customer_id_redirects"),
            "changes": told.rows(
                "select old_customer_id, change_number, customer_id, reason from state.customer_id_changes order by all"
            ),
            "links": told.rows(
                "select reason, identifier_type, identifier_value, source_name, source_record_type, source_record_id"
                " from state.customer_id_changes order by change_number"
            ),
            "cuts": told.rows("from marts.identity_cuts"),
        })  # fmt: skip

    chapter([anna, other], [])
    chapter([anna, other, bridge], [])
    chapter([anna, other, bridge], [("anna", "other")])
    chapter([anna, other, bridge], [("anna", "other")], "--full-refresh")
    return chapters


def test_a_merge_keeps_the_earlier_id_and_redirects_the_other(story):
    before, merged = story[:2]
    assert before["people"]["anna"] != before["people"]["other"]
    assert set(merged["people"].values()) == {before["people"]["anna"]}
    assert merged["redirects"] == [(before["people"]["other"], before["people"]["anna"], "merge")]


def test_one_row_undoes_a_merge(story):
    before, merged, parted = story[:3]
    assert {name: parted["people"][name] for name in ("anna", "other")} == before["people"]
    assert parted["redirects"] == []
    assert parted["changes"] == [
        (before["people"]["other"], 1, before["people"]["anna"], "merge"),
        (before["people"]["other"], 2, before["people"]["other"], "split"),
    ]
    assert merged["changes"] == parted["changes"][:1]


def shown(kind: str, value: str) -> str:
    """An address or a number as marts show it."""
    return hashlib.sha256(f"perennial|{kind}|{value}".encode()).hexdigest()[:32]


def test_the_history_says_what_joined_and_what_was_parted(story):
    """The bridge shares its number with the one and its address, which counts less, with the other."""
    link = ("email", shown("email", "a.smith@example.org"), "home", "person", "other")
    assert story[1]["links"] == [("merge", *link)]
    assert story[2]["links"] == [("merge", *link), ("split", *link)]


def test_a_decision_is_logged_as_a_cut(story):
    assert [chapter["cuts"] for chapter in story[:2]] == [[], []]
    anna, other = (story[2]["people"][name] for name in ("anna", "other"))
    address = shown("email", "a.smith@example.org")
    assert story[2]["cuts"] == [(other, anna, "email", address, "cannot_link", "0", "home", "person", "other")]


def test_ids_survive_a_full_refresh(story):
    assert story[3] == story[2]


CHANGES = """
    select changes.old_customer_id, changes.change_number, changes.reason, retired.source_record_id,
        staying.source_record_id, changes.identifier_type, changes.identifier_value, changes.source_record_id
    from state.customer_id_changes as changes
    inner join intermediate.int_identity__ids as retired on changes.old_customer_id = retired.issued_customer_id
    inner join intermediate.int_identity__ids as staying on changes.customer_id = staying.issued_customer_id
    order by changes.old_customer_id, changes.change_number
"""
CUTS = """
    select customer_id, other_customer_id, identifier_type, identifier_value, source_record_id, reason, rule_id
    from marts.identity_cuts
"""


def words(done: Matching, edge: tuple, rules: dict[frozenset, str]) -> tuple[str, str, str]:
    """An edge as the marts tell it: type, value, and the earliest record of the account."""
    account = done.accounts[edge[0]]
    record = min(zip(account["days"], account["ids"], strict=True))[1]
    if isinstance(edge[1], str):
        return "manual", rules[frozenset(edge)], record
    kind = edge[1][0]
    field = kind.removeprefix("named_")
    return kind, shown(field, account[field]) if field in ("email", "phone") else account[field], record


def cuts_of(done: Matching, rules: dict[frozenset, str], must: int, person_of: dict[str, str]) -> set[tuple]:
    """What marts.identity_cuts should hold: of one identifier of two people the strongest link."""
    customer = {done.root_of.get(done.account_of[record]): person for record, person in person_of.items()}
    found = {}
    for edge, (kind, number) in done.cut:
        one, other = (customer.get(done.root_of[node]) for node in edge)
        *identifier, record = words(done, edge, rules)
        reason = ("cannot_link", str(must + number)) if kind == "cannot" else (kind, None)
        found.setdefault((one, other, *identifier), (record, *reason))
    return {(*key, *value) for key, value in found.items()}


@pytest.fixture(scope="module")
def arrival(graphs) -> dict:
    """Records that arrive on eight days, in any order, one build a day, decisions on the third; last a full refresh."""
    grown = graphs.forgotten()
    records, must, cannot, people = worlds(400, random.Random(8))
    named = {record for pair in (*must, *cannot) for record in pair}
    found = {"people": people, "left": set(), "days": [], "links": []}
    links = {}
    for day in range(1, 9):
        here = [each for place, each in enumerate(records) if place % 8 < day or each["id"] in named]
        decided = (must, cannot) if day > 2 else ([], [])
        clusters = grown.clusters(here, *decided)
        found["days"].append(dict(grown.rows(
            "select source_record_id, customer_id from intermediate.int_identity__assigned"
            " where customer_id is not null"
        )))  # fmt: skip
        found["left"] |= set(found["days"][-1].values())
        done = matching(here, *decided)
        rules = {frozenset(done.account_of[each] for each in pair): str(n) for n, pair in enumerate(decided[0])}
        for old, number, reason, retired, staying, *link in grown.rows(CHANGES):
            if (old, number) not in links:
                edge = done.joined_by(done.account_of[retired], done.account_of[staying])
                expected = words(done, edge, rules) if reason == "merge" else links[old, number - 1]
                found["links"].append((day, reason, tuple(link), expected))
                links[old, number] = tuple(link)
        if day == 4:
            grown.without_links()
            links = dict.fromkeys(links, (None, None, None))
    found["kept"] = len(links) == len(grown.rows("from state.customer_id_changes"))
    found["cuts"] = set(grown.rows(CUTS)), cuts_of(done, rules, len(must), found["days"][-1])
    redirects = "select old_customer_id, customer_id from marts.customer_id_redirects"
    found |= {"clusters": clusters, "redirects": grown.rows(redirects)}
    grown.run("run", "-s", *grown.MODELS, "--full-refresh")
    found["refreshed"] = dict(grown.rows(
        "select source_record_id, customer_id from intermediate.int_identity__assigned where customer_id is not null"
    ))  # fmt: skip
    return found


def test_arrival_day_by_day_ends_with_the_same_clusters(arrival):
    assert arrival["clusters"] == arrival["people"]


def test_a_full_refresh_keeps_every_id(arrival):
    assert arrival["refreshed"] == arrival["days"][-1]


def test_every_id_that_left_resolves_through_one_redirect(arrival):
    redirects, living = dict(arrival["redirects"]), set(arrival["days"][-1].values())
    assert len(redirects) == len(arrival["redirects"]) > 10
    assert {redirects.get(each, each) for each in arrival["left"]} <= living
    assert not redirects.keys() & living


def test_the_history_names_the_link_that_plain_python_names(arrival):
    """The one at which the two come together, one edge after the other."""
    assert [each for each in arrival["links"] if each[2] != each[3]] == []
    told = {link for _, reason, link, _ in arrival["links"] if reason == "merge"}
    assert {kind for kind, *_ in told} >= {"manual", "loyalty_id", "email", "phone", "named_email"}
    assert not [value for _, value, _ in told if re.search(r"@|\+1", value)]


def test_a_history_from_before_links_goes_on(arrival):
    """The columns came back by themselves, and no row was lost."""
    assert {day > 4 for day, reason, *_ in arrival["links"] if reason == "merge"} == {True, False}
    assert arrival["kept"]


def test_cuts_are_those_of_plain_python(arrival):
    ours, expected = arrival["cuts"]
    assert sorted(map(str, ours ^ expected))[:6] == []
    assert {reason for *_, reason, _ in ours} >= {"cannot_link", "customer_number", "loyalty_id", "name"}
    assert not [value for _, _, _, value, *_ in ours if re.search(r"@|\+1", value)]


# The simulated shop


def identity_of(folder, **variables) -> Warehouse:
    """A warehouse of the simulated raw data below a folder, as far as identity goes."""
    result = run_dbt(
        "build",
        *("-s", "+identity_accuracy", "+customer_id_redirects", "--exclude-resource-type", "test"),
        raw=folder / "raw",
        folder=folder,
        variables=known_truth(folder / "raw") | variables,
    )
    if result.returncode:
        raise BuildFailed(result.stdout + result.stderr)
    return Warehouse(folder / "warehouse.duckdb", folder / "target", result.stdout)


def labels(simulated: Simulated) -> tuple[dict, dict]:
    """Of every record whose person the truth knows: what the warehouse says, and the truth."""
    rows = simulated.sql("""
        select source_name || ':' || source_record_type || ':' || source_record_id as record, customer_id, person_id
        from intermediate.int_identity__assigned as records
        inner join truth.records as truth using (source_name, source_record_type, source_record_id)
    """)
    return {record: customer or record for record, customer, _ in rows}, {record: who for record, _, who in rows}


def check_accuracy(simulated: Simulated, told: str) -> None:
    measured = {
        (method, measure): value
        for method, measure, value in simulated.sql("select method, measure, value from quality.identity_accuracy")
    }
    told = f"{told}: {measured}"
    assert measured["all_identifiers", "pairwise_precision"] >= 0.995, told
    assert measured["all_identifiers", "pairwise_recall_of_linkable"] >= 0.97, told
    for measure in ("pairwise_recall", "b_cubed_f1"):
        assert measured["all_identifiers", measure] > measured["email_only", measure], told


def test_named_people_stay_apart(simulated):
    """Twins, a household with one inbox, a number that was passed on, strangers at one counter."""
    found = dict(
        simulated.sql("""
            select scene, list(distinct customer_id) filter (where customer_id is not null)
            from truth.scenes
            join truth.records using (person_id)
            join marts.customer_records using (source_name, source_record_type, source_record_id)
            group by scene
        """)
    )
    groups = (
        ("twin_a", "twin_b"), ("inbox_a", "inbox_b"), ("number_before", "number_after"),
        ("counter_a", "counter_b", "counter_c"),
    )  # fmt: skip
    for group in groups:
        people = [set(found[name]) for name in group]
        assert len(set().union(*people)) == sum(map(len, people)), group
    (twin_a,), (twin_b,) = found["twin_a"], found["twin_b"]
    households = dict(
        simulated.sql("select customer_id, household_id from marts.customers where household_id is not null")
    )
    assert households[twin_a] == households[twin_b]


def test_accuracy_on_the_simulated_shop(simulated):
    check_accuracy(simulated, "seed 7")


def test_the_measures_are_those_of_plain_python(simulated):
    measured = dict(
        simulated.sql("select measure, value from quality.identity_accuracy where method = 'all_identifiers'")
    )
    for measure, value in scores(*labels(simulated)).items():
        name = {"precision": "pairwise_precision", "recall": "pairwise_recall"}.get(measure, measure)
        assert measured[name] == pytest.approx(value, rel=1e-8)


def test_accuracy_on_a_shop_that_nobody_has_seen(tmp_path_factory):
    folder, seed = tmp_path_factory.mktemp("unseen"), unseen_seed()
    raw = simulate(folder, customers=20_000, seed=seed, trap_rate=2.0)
    check_accuracy(Simulated(raw, identity_of(folder)), f"seed {seed}, trap rate 2")
