"""
Erasure: who asks to be forgotten leaves nothing personal in the warehouse, and nobody's money or points change.

A simulated shop in which every address whose local part ends in an odd digit above 1 says canary, and so does every
name and free text of the rows that name such an address. It is built before they ask, after, when the list of requests
is gone, and in part.
"""

import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest
from conftest import Raw, Warehouse, build, differences, run_dbt
from test_identity import Graphs

from simulator import shop
from simulator.settings import Settings
from simulator.systems import SYSTEMS

ADDRESS = "([a-z0-9._]*[3579](?:[+][a-z]+)?@)"
LAST_DAY = date(2024, 6, 30)

# Texts of rows that name a canary's address; a value is an expression of the column.
TEXTS = {
    "shopify.customers": {
        "first_name": "'Canaryann'",
        "last_name": "'Canarylee'",
        "note": "'Canary'",
        "tags": "'canary'",
    },
    "shopify.orders": {
        "note": "'ring at Canary''s'",
        "billing_address": """'{"first_name": "Canaryann", "last_name": "Canarylee", "country_code": "DE"}'""",
        "line_items": """regexp_replace(line_items, '"id":',
            '"properties":[{"name":"Engraving","value":"For Canary"}],"id":')""",
    },
    "yotpo.reviews": {"title": "'Canary'", "content": "'It is Canaryann'", "name": "'Canaryann C.'"},
    "gorgias.tickets": {"subject": "'Canary asks'", "excerpt": "'This is Canaryann'"},
    "gorgias.customers": {"name": "'Canaryann Canarylee'"},
    "recharge.customers": {"first_name": "'Canaryann'", "last_name": "'Canarylee'"},
    "recharge.subscriptions": {"cancellation_reason_comments": "'Canary moves'"},
    "braze.users_messages_sms_inboundreceive": {"message_body": "'I am Canary'"},
}


def is_canary(column: str) -> str:
    return f"{column}::varchar ilike '%canary%'"


def plant(folder) -> None:
    """Make canaries of the people whose address ends so."""
    for path in [path for system in SYSTEMS for path in sorted((folder / system).rglob("*.parquet"))]:
        name = ".".join(path.relative_to(folder).with_suffix("").parts[:2])
        table = f"read_parquet('{path}')"
        columns = {row[0]: row[1] for row in duckdb.sql(f"describe from {table}").fetchall()}
        addressed = ", ".join(
            f"""regexp_replace("{column}", '{ADDRESS}', 'canary.\\1', 'gi') as "{column}\""""
            for column, kind in columns.items()
            if kind == "VARCHAR"
        )
        replaced = f"select * replace ({addressed}) from {table}" if addressed else f"from {table}"
        texts = ", ".join(
            f"case when {is_canary('rows')} then {value} else {column} end as {column}"
            for column, value in TEXTS.get(name, {}).items()
            if column in columns
        )
        query = f"select * {f'replace ({texts})' if texts else ''} from ({replaced}) as rows"
        duckdb.sql(f"copy ({query}) to '{path}.new' (format parquet)")
        (path.parent / f"{path.name}.new").replace(path)
    annotate(folder / "talon_one")


def annotate(folder) -> None:
    """Bookings name nobody: a note of their profile's canary behind what the rule says."""
    for path in sorted(folder.glob("loyalty_transactions*.parquet")):
        duckdb.sql(
            f"""copy (
                select booked.* replace (booked.name || coalesce(' for Canaryann ' || profiles.id, '') as name)
                from '{path}' as booked
                left join (select max(id) as id, integrationId from '{folder}/customer_profiles*.parquet' as rows
                    where {is_canary("rows")} group by integrationId) as profiles
                on booked.customerprofileid = profiles.integrationId
            ) to '{path}.new' (format parquet)"""
        )
        path.with_name(f"{path.name}.new").replace(path)


def canaries(warehouse: Warehouse, phones: list[str]) -> dict[str, int]:
    """How many values of which stored columns show a canary: the word, or one of the numbers however it is written."""
    found = {}
    numbers = "|".join("[^0-9]?".join(phone[-8:]) for phone in phones)
    with duckdb.connect(str(warehouse.database), read_only=True) as connection:
        for schema, table, columns in connection.execute(
            "select table_schema, table_name, list(column_name) from information_schema.columns"
            " join information_schema.tables using (table_schema, table_name) where table_type = 'BASE TABLE'"
            " and table_schema <> 'settings' and data_type ~ '.*(VARCHAR|JSON).*' group by all"
        ).fetchall():
            counts = ", ".join(
                f"""count(*) filter (regexp_matches("{column}"::varchar, 'canary|{numbers}', 'i'))"""
                for column in columns
            )
            values = connection.execute(f"select {counts} from {schema}.{table}").fetchone()
            found |= {f"{schema}.{table}.{column}": n for column, n in zip(columns, values, strict=True) if n}
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """The folder of all builds, and the warehouse before anybody asks."""
    folder = tmp_path_factory.mktemp("erasure")
    shop.simulate(
        Settings(customers=500, seed=11, systems=tuple(SYSTEMS), as_of=LAST_DAY, out=folder / "raw", workers=1)
    )
    plant(folder / "raw")
    (folder / "raw" / "privacy" / "erasure_requests.parquet").unlink()
    return folder, build(folder / "raw", folder / "before")


@pytest.fixture(scope="module")
def phones(told) -> list[str]:
    return [
        phone
        for (phone,) in told[1].sql(
            "select distinct phone_e164 from marts.customer_contacts"
            f" where {is_canary('email')} and phone_e164 is not null"
        )
    ]


@pytest.fixture(scope="module")
def forgotten(told):
    """The next build of the same warehouse, after every canary asked."""
    folder, before = told
    emails = before.sql(
        f"select email from intermediate.int_customer_records__unioned where {is_canary('email')}"
        f" union select email from staging.base_shopify__abandoned_checkouts where {is_canary('email')}"
    )
    asked = {"requested_at": "2024-06-01T08:00:00Z", "_loaded_at": "2024-06-02 04:00:00"}
    requests = [{"request_id": f"E{n}", "email": email} | asked for n, (email,) in enumerate(emails)]
    Raw(folder / "raw").write("privacy.erasure_requests", requests)
    return build(folder / "raw", next_of(before, folder / "after"))


def next_of(warehouse: Warehouse, folder: Path) -> Path:
    """A folder in which the next build goes on from that warehouse."""
    folder.mkdir()
    shutil.copy(warehouse.database, folder / "warehouse.duckdb")
    return folder


def test_the_canaries_were_everywhere(told, phones):
    """Else their absence would prove nothing."""
    found = canaries(told[1], phones)
    systems = {column.split("base_")[1].split("__")[0] for column in found if ".base_" in column}
    assert systems == set(SYSTEMS) - {"privacy"}
    assert {
        "staging.base_talon_one__loyalty_transactions.reason",
        "intermediate.int_loyalty_bookings__unioned.reason",
    } <= set(found)
    assert {column for column in found if column.startswith(("marts.", "quality."))} == {
        "marts.customer_contacts.email",
        "marts.customer_contacts.phone_e164",
        "marts.customer_contacts.first_name",
        "marts.customer_contacts.last_name",
        "marts.reviews.title",
        "marts.reviews.body",
        "marts.tickets.subject",
        "marts.tickets.excerpt_text",
        "quality.quarantined_rows.raw_row",
    }


def test_nothing_personal_is_left(forgotten, phones):
    assert canaries(forgotten, phones) == {}


def test_a_hashed_tombstone_is_left(told, forgotten):
    """One for each person who had such an address, and no more."""
    asked = told[1].sql(
        f"select distinct customer_id from intermediate.int_customers__told where {is_canary('email')} order by all"
    )
    assert forgotten.sql("select customer_id from marts.customer_erasures order by all") == asked
    assert forgotten.sql("select customer_id from marts.customers where is_erased order by all") == asked
    assert forgotten.one("select count(*) from state.erasures where key_type = 'email' and length(key_value) = 32") > 0
    assert forgotten.one("select count(*) from state.erasures where key_value like '%@%' or key_value like '+%'") == 0
    assert (
        forgotten.one(
            "select count(*) from marts.customer_identifiers semi join marts.customer_erasures using (customer_id)"
        )
        == 0
    )


def test_money_and_points_count_on(told, forgotten):
    """All marts but those that held something personal, or ask who can be reached, are the same, to the row."""
    _, before = told
    changed = {
        "marts.consents", "marts.customer_contacts", "marts.customer_erasures", "marts.customer_identifiers",
        "marts.detractor_signals", "marts.retention_drivers",
        "marts.loyalty_notices", "marts.loyalty_programme_health",
        "marts.customers", "marts.identity_cuts", "marts.referrals", "marts.retention_scorecard", "marts.reviews",
        "marts.tickets",
        "marts.tracking_page_visits", "marts.web_sessions",
    }  # fmt: skip
    assert set(differences(before, forgotten, forgotten.tables("marts"))) <= changed
    with duckdb.connect(str(forgotten.database), read_only=True) as connection:
        connection.execute(f"attach '{before.database}' as before (read_only)")
        for table, columns in {
            "customers": "is_erased, household_id, email_consent, sms_consent, push_consent",
            "reviews": "title, body",
            "tickets": "subject, excerpt_text, csat_text",
            "web_sessions": "landing_path",
            "tracking_page_visits": "path",
            "referrals": "code",
        }.items():
            rest = f"select * exclude ({columns}) from"
            assert (
                connection.execute(f"{rest} marts.{table} except all {rest} before.marts.{table}").fetchall() == []
            ), table
        for table in ("consents", "customer_contacts", "customer_identifiers", "identity_cuts"):
            others = f"marts.{table} where customer_id not in (select customer_id from marts.customer_erasures)"
            assert connection.execute(f"from {others} except all from before.marts.{table}").fetchall() == [], table


def test_it_holds_when_the_request_is_gone(told, forgotten, phones):
    """The sources still know the people; the warehouse remembers that it must not."""
    folder, _ = told
    (folder / "raw" / "privacy" / "erasure_requests.parquet").unlink()
    later = build(folder / "raw", next_of(forgotten, folder / "later"))
    assert canaries(later, phones) == {}
    assert differences(forgotten, later, forgotten.tables("marts", "state")) == {}


def test_a_part_can_be_built_from_what_is_left(told, forgotten, phones):
    """A person whose addresses are gone is still one person, with the same id."""
    folder = next_of(forgotten, told[0] / "part")
    result = run_dbt("run", "--select", "int_identity__sightings+", raw=told[0] / "raw", folder=folder)
    assert result.returncode == 0, result.stdout
    part = Warehouse(folder / "warehouse.duckdb", folder / "target", result.stdout)
    assert canaries(part, phones) == {}
    assert differences(forgotten, part, forgotten.tables("marts", "state")) == {}


# What the memory of erased people does to others: they asked before anybody knew them.

ASKED = [
    {"email": "zoe@example.com"},
    {"loyalty_id": "card-gus"},
    {"email": "inbox@example.com"},
    {"phone": "+12125550100"},
]


def person(name: str, day: int = 100, **more) -> dict:
    nothing = dict.fromkeys(("customer_number", "loyalty_id", "email", "phone", "first_name", "last_name"))
    return nothing | {"id": name, "day": day, "is_email_verified": False} | more


def numbered(number: int) -> str:
    return f"home:shop:{number}"


@pytest.fixture(scope="module")
def memory(tmp_path_factory) -> list[dict]:
    """{record: (customer_id, is_erased)} after each of three builds."""
    requests = [
        {"request_id": str(number), "requested_at": "2020-06-01", "email": None, "phone": None, "loyalty_id": None}
        | each
        | {"_loaded_at": "2020-06-02 04:00:00"}
        for number, each in enumerate(ASKED)
    ]
    graphs = Graphs(tmp_path_factory.mktemp("memory"), tuple(requests))
    first = [
        person("zoe, browser", email="zoe@example.com"),
        person("zoe, order", email="zoe@example.com"),
        person("gus, card", loyalty_id="card-gus", email="gus@example.com"),
        person("gus, account", customer_number=numbered(1), email="gus@example.com"),
        *(person(f"{name} at the inbox", email="inbox@example.com", first_name=name) for name in NAMES),
        person("old holder", phone="+12125550100"),
    ]
    changed = [
        person("zoe, browser", email="ada@example.com"),
        *(person(f"ada, order {number}", email="ada@example.com") for number in range(3)),
        person("helene, account", customer_number=numbered(2), email="gus@example.com", day=400),
        person("helene, order", customer_number=numbered(2), email="helene@example.com", day=400),
        person("new holder", phone="+12125550100", loyalty_id="card-new", day=900),
    ]
    redacted = [person("gus, card"), person("gus, account", customer_number=numbered(1)), person("zoe, order")]
    come_again = [person("gus again", email="gus@example.com", day=900)]
    kept = {each["id"]: each for each in first}
    builds = []
    for news in ([], changed, [*redacted, *come_again]):
        kept |= {each["id"]: each for each in news}
        if news and news[-1]["id"] == "gus again":
            kept = {name: each for name, each in kept.items() if not name.startswith("helene")}
        graphs.load(list(kept.values()), [], [])
        graphs.run("run", "-s", *graphs.MODELS, "erasures")
        builds.append({
            record: (customer, is_erased)
            for record, customer, is_erased in graphs.rows(
                "select source_record_id, customer_id, is_erased from intermediate.int_identity__records"
            )
        })  # fmt: skip
    return builds


NAMES = ("anna", "bert", "carl", "dora", "emil", "frida", "georg")


def erased(build: dict) -> set[str]:
    return {record for record, (_, is_erased) in build.items() if is_erased}


def test_who_asked_before_being_known_is_forgotten(memory):
    assert erased(memory[0]) == {
        "zoe, browser", "zoe, order", "gus, card", "gus, account", "old holder",
    }  # fmt: skip


def test_an_address_that_is_everybodys_names_nobody(memory):
    assert not {record for build in memory for record in erased(build) if record.endswith("inbox")}


def test_a_record_that_is_somebody_elses_by_now_joins_nobody(memory):
    _, changed, _ = memory
    ada = {changed[f"ada, order {number}"] for number in range(3)}
    assert {is_erased for _, is_erased in ada} == {False}
    assert changed["zoe, browser"] in ada
    assert changed["zoe, order"][1]


def test_a_stranger_with_the_same_address_stays(memory):
    """Other customer numbers keep them apart; a number to call may have been passed on."""
    _, changed, _ = memory
    assert not {record for record in erased(changed) if record.startswith(("helene", "new holder"))}
    assert changed["gus, card"] == memory[0]["gus, card"]


def test_an_erased_person_stays_one_when_the_source_redacts(memory):
    _, _, last = memory
    assert last["gus, card"] == last["gus, account"] == memory[0]["gus, card"]
    assert last["zoe, order"] == memory[1]["zoe, order"]


def test_who_comes_again_is_known_by_the_hash(memory):
    assert memory[2]["gus again"][1]
