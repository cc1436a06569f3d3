"""Who is who: the warehouse's clusters against plain Python, against the simulated shop's truth, and through time."""

import json
import random

import duckdb
import pytest
from conftest import Raw, run_dbt, sale, write_sales
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from identity_reference import names_agree, resolve

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


class Graphs:
    """A database in which only what leads to clusters is built again for every set of records."""

    MODELS = "int_customer_records__unioned+,+int_identity__members"

    def __init__(self, folder):
        self.folder = folder
        self.raw = write_sales(Raw(folder / "raw"), [sale(1, "2024-01-01 10:00:00", 5.0, customer=None)])
        self.variables = {
            "systems": ["pos"],
            "as_of": "2025-12-31",
            "reporting_currency": "EUR",
            "custom_customer_records": "home_made.people",
        }
        self.load([], [], [])
        self.run("build", "-s", "+int_identity__members", "--exclude-resource-type", "test")
        self.is_seeded = True

    def run(self, *command: str) -> None:
        done = run_dbt(*command, raw=self.raw.folder, folder=self.folder, variables=self.variables)
        assert done.returncode == 0, done.stdout[-3000:]

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
            pairs = [("must_link", *pair) for pair in must] + [("cannot_link", *pair) for pair in cannot]
            if pairs:
                connection.execute("delete from settings.identity_overrides")
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
        self.run("run", "-s", self.MODELS)
        with duckdb.connect(str(self.folder / "warehouse.duckdb"), read_only=True) as connection:
            found = connection.execute(
                "select list(source_record_id) from intermediate.int_identity__members group by cluster_id"
            ).fetchall()
        return {frozenset(each) for (each,) in found}


@pytest.fixture(scope="module")
def graphs(tmp_path_factory) -> Graphs:
    return Graphs(tmp_path_factory.mktemp("graphs"))


@settings(max_examples=4, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_clusters_are_those_of_plain_python(graphs, seed):
    """Three thousand random worlds at once; they share nothing, so that one build resolves all."""
    chance = random.Random(seed)
    records, must, cannot = [], [], []
    expected = set()
    for number in range(3_000):
        one = world(number, chance)
        expected |= resolve(*one)
        for everything, part in zip((records, must, cannot), one, strict=True):
            everything.extend(part)
    chance.shuffle(records)
    ours = graphs.clusters(records, must, cannot)
    assert sorted(map(sorted, ours ^ expected))[:6] == []


def test_names():
    assert names_agree(("jo", None), ("johanna", "smith"))
    assert names_agree(("catherine", None), ("katherine", None))
    assert names_agree(("anna", "bert"), ("bert", "anna"))
    assert not names_agree(("anna", "smith"), ("bert", "smith"))
    assert not names_agree(("tim", None), ("tom", None))
