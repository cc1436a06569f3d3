"""
The house rules: which layer reads which, what is described, under contract and tested, and where personal data may be.

Rules are data at the head of each part; the checks read dbt's manifest, the files, and the warehouse of the small shop.
"""

import ast
import csv
import json
import re
from functools import cached_property
from pathlib import Path

import pytest
from conftest import ROOT
from small_shop import ADDRESSES, CANARIES

# Layers, first match wins, and what each may read. Seeds and point_in_time may be read by all.
LAYERS = {
    "point in time": r"staging/run/point_in_time\.sql",
    "run": r"staging/run/.*",
    "base": r"staging/\w+/base_\w+\.sql",
    "clean": r"staging/\w+/stg_\w+\.sql",
    "metrics": r"intermediate/metrics/.*",
    "lifetime": r"intermediate/lifetime/.*",
    "360": r"intermediate/customers/.*",
    "members": r"intermediate/loyalty/int_loyalty__people\.sql",
    "subjects": r"intermediate/.*",
    "state": r"state/.*",
    "core": r"marts/core/.*",
    "ledger": r"marts/loyalty/loyalty_(entries|lots|balances|balance_history)\.sql",
    "quality": r"marts/quality/.*",
    "marts": r"marts/.*",
    "qualifying": r"audiences/qualifying/.*",
    "pipeline": r"audiences/pipeline/.*",
    "audiences": r"audiences/.*",
}
MAY_READ = {
    "point in time": {"raw", "run"},
    "run": {"raw"},
    "base": {"raw", "base"},
    "clean": {"base"},
    "subjects": {"run", "clean", "subjects", "state"},
    "state": {"subjects", "state", "core", "metrics", "marts", "audiences"},
    "core": {"subjects", "core", "state", "360", "lifetime"},
    "members": {"subjects", "core"},
    "ledger": {"subjects", "core", "members", "ledger"},
    "360": {"subjects", "core", "ledger", "360"},
    "metrics": {"subjects", "core", "360", "metrics"},
    "lifetime": {"core", "metrics", "lifetime"},
    "marts": {"subjects", "core", "ledger", "metrics", "lifetime", "marts"},
    "quality": {"run", "base", "subjects", "state", "core", "ledger", "marts", "quality"},
    "qualifying": {"core", "ledger", "marts", "subjects", "qualifying"},
    "pipeline": {"core", "ledger", "marts", "subjects", "state", "qualifying", "pipeline", "audiences"},
    "audiences": {"run", "core", "ledger", "marts", "subjects", "state", "metrics", "pipeline", "audiences"},
}
ALL_MAY_READ = {"settings", "point in time"}
PUBLISHED = ("core", "ledger", "quality", "marts", "audiences")

# What a model's result must not depend on.
CLOCK_AND_CHANCE = (
    r"current_(date|time|timestamp)|localtime(stamp)?|\b(now|utcnow|today|getdate|rand|random|uuid|gen_random_uuid|newid)\s*\(|"
    r"run_started_at|invocation_id"
)
ENGINE = r"adapter\.dispatch|adapter\.type|target\.(type|name|adapter)\b"
COMPILED_FROM_DATA = r"run_query|\{%-?\s*call statement|get_columns_in_relation|load_result"

# Personal data: what a column of it is called, and where such columns may be.
PERSONAL = (
    r"(^|_)(email|e_mail|phone|phone_e164|first_name|last_name|full_name|address|address\d|street|zip|postcode|"
    r"birth(day|_date)|note|notes|comment|body|free_text|message_text|review_text|raw_row)$"
)
MAY_HOLD = {
    "customer_contacts": r".*",
    "reviews": r".*_text|title|body",
    "tickets": r".*_text|subject|body",
    "quarantined_rows": r"raw_row",
    # What leaves the warehouse: the address of the channel chosen, and hashes of addresses.
    "export_mirror": r"email|phone|first_name",
    "export_klaviyo_lists": r"email|phone_number|first_name",
    "export_helpdesk_tasks": r"email|first_name",
    "export_suppressions": r"email|phone",
    "export_lookalike_seed": r"hashed_identifier",
    "export_ad_platforms": r"hashed_identifier",
}
# Sounds like one: says why a fit is not reliable; says whether there is an address.
NO_PERSON = {"clv_model_parameters.note", "audience_channels.has_address"}

NODES_AT_MOST = 800


class Manifest:
    """dbt's manifest as the rules look at it."""

    def __init__(self, target: Path):
        self.content = json.loads((target / "manifest.json").read_text())

    def of(self, kind: str) -> list[dict]:
        return [node for node in self.content["nodes"].values() if node["resource_type"] == kind]

    def layer(self, unique_id: str) -> str:
        if unique_id.startswith("source."):
            return "state" if unique_id.startswith("source.perennial.state.") else "raw"
        node = self.content["nodes"][unique_id]
        if node["resource_type"] == "seed":
            return "settings"
        path = node["original_file_path"].removeprefix("models/")
        return next((layer for layer, pattern in LAYERS.items() if re.fullmatch(pattern, path)), f"no layer: {path}")

    @cached_property
    def published(self) -> list[dict]:
        """What BI and other tools read."""
        return [model for model in self.of("model") if self.layer(model["unique_id"]) in PUBLISHED]

    def tests_of(self, model: dict) -> list[dict]:
        return [test for test in self.of("test") if test.get("attached_node") == model["unique_id"]]


@pytest.fixture(scope="module")
def manifest(sample) -> Manifest:
    return Manifest(sample.target)


def code(*folders: str) -> dict[str, str]:
    """Every SQL file below the folders without its comments, by path."""
    found = {}
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.sql")):
            text = re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
            found[str(path.relative_to(ROOT))] = re.sub(r"--.*", "", text)
    return found


def mentions(pattern: str, *folders: str) -> list[str]:
    return [path for path, text in code(*folders).items() if re.search(pattern, text, flags=re.IGNORECASE)]


# Layers


def test_every_layer_reads_only_what_it_may(manifest):
    wrong = [
        f"{model['name']} ({layer}) reads {read.split('.')[-1]} ({manifest.layer(read)})"
        for model in manifest.of("model")
        for layer in [manifest.layer(model["unique_id"])]
        for read in model["depends_on"]["nodes"]
        if manifest.layer(read) not in MAY_READ.get(layer, set()) | ALL_MAY_READ
    ]
    assert wrong == []


def test_raw_text_stays_out_of_the_other_folders(manifest):
    """A relation written out would pass by the layers."""
    assert mentions(r"\b(from|join)\s+(raw|staging|intermediate|marts|quality|settings)\.", "models", "macros") == []


def test_results_depend_on_data_alone():
    assert mentions(CLOCK_AND_CHANCE, "models", "macros", "tests") == []


def test_engines_differ_in_one_place():
    assert [path for path in mentions(ENGINE, "models", "macros", "tests") if "macros/engines/" not in path] == []


def test_no_model_is_compiled_from_data():
    assert mentions(COMPILED_FROM_DATA, "models", "tests") == []


def test_no_view_that_others_read_needs_the_salt(manifest):
    """Only a build's session has it; for others a hash with it is null, and whoever it would have chosen is not."""
    models = {model["unique_id"]: model for model in manifest.of("model")}

    def is_salted(model: dict) -> bool:
        return model["config"]["materialized"] == "view" and (
            "perennial_salt" in model["compiled_code"]
            or any(is_salted(models[read]) for read in model["depends_on"]["nodes"] if read in models)
        )

    assert [model["name"] for model in manifest.published if is_salted(model)] == []
    assert any(is_salted(model) for model in models.values()), "no view at all is found to have it"


# Descriptions, contracts, tests


def test_everything_is_described(manifest):
    missing = [node["name"] for kind in ("model", "seed") for node in manifest.of(kind) if not node["description"]]
    missing += [
        f"{model['name']}.{column['name']}"
        for model in manifest.published
        for column in model["columns"].values()
        if not column["description"]
    ]
    missing += [
        f"{source['source_name']}.{source['name']}.{column['name']}"
        for source in manifest.content["sources"].values()
        for column in source["columns"].values()
        if not column["description"]
    ]
    assert missing == []


def test_what_others_read_is_under_contract(manifest):
    assert [model["name"] for model in manifest.published if not model["config"]["contract"]["enforced"]] == []


def test_what_others_read_has_a_tested_key(manifest):
    def has_key(model: dict) -> bool:
        rules = [test.get("test_metadata") or {} for test in manifest.tests_of(model)]
        return any(rule.get("name") == "columns_hold" and rule["kwargs"].get("keys") for rule in rules)

    assert [model["name"] for model in manifest.published if not has_key(model)] == []


def test_a_test_that_may_be_passed_over_says_why(manifest):
    """What is off or only warns in dbt carries a description, what pytest skips or expects to fail a reason."""
    nodes = [*manifest.of("test"), *(node for nodes in manifest.content["disabled"].values() for node in nodes)]
    silent = [
        node["name"]
        for node in nodes
        if (node["config"].get("severity", "error").lower() != "error" or not node["config"]["enabled"])
        and not node.get("description")
    ]
    for path in sorted((ROOT / "tests" / "python").glob("*.py")):
        tree = ast.parse(path.read_text())
        with_reason = {
            id(call.func)
            for call in ast.walk(tree)
            if isinstance(call, ast.Call)
            for value in [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "reason")]
            if isinstance(value, ast.JoinedStr) or (isinstance(value, ast.Constant) and isinstance(value.value, str))
        }
        silent += [
            f"{path.name}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and node.attr in ("skip", "skipif", "xfail", "importorskip")
            and "pytest" in ast.unparse(node)
            and id(node) not in with_reason
        ]
    assert silent == []


def test_small_enough_to_build_often(manifest):
    parts = ("nodes", "sources", "unit_tests", "exposures", "metrics", "semantic_models")
    assert sum(len(manifest.content[part]) for part in parts) < NODES_AT_MOST


def test_every_threshold_that_is_read_must_be_given(manifest):
    """Its test names what code reads, and seeds/thresholds.csv has nothing else."""
    texts = [path.read_text() for folder in ("models", "macros") for path in (ROOT / folder).rglob("*.[ps][yq]*")]
    read = {name for text in texts for name in re.findall(r"""threshold(?:s\[|\()['"](\w+)['"]""", text)}
    (check,) = [test for test in manifest.of("test") if test["name"] == "thresholds_columns_hold"]
    with (ROOT / "seeds" / "thresholds.csv").open() as file:
        given = {row["name"] for row in csv.DictReader(file)}
    assert sorted(check["test_metadata"]["kwargs"]["contains"]["name"]) == sorted(read) == sorted(given)


# Personal data


def test_personal_columns_are_where_they_may_be(manifest):
    """By name or by mark; and where they may be, they are marked."""
    misplaced, unmarked = [], []
    for model in manifest.published:
        for column in model["columns"].values():
            is_marked = bool(column["config"]["meta"].get("pii"))
            where = f"{model['name']}.{column['name']}"
            if where in NO_PERSON or not (is_marked or re.search(PERSONAL, column["name"])):
                continue
            if not re.fullmatch(MAY_HOLD.get(model["name"], "nothing"), column["name"]):
                misplaced.append(where)
            elif not is_marked:
                unmarked.append(where)
    assert (misplaced, unmarked) == ([], [])


def columns_with(warehouse, pattern: str, *schemas: str) -> set[str]:
    """Every column of the schemas with a value that matches the pattern."""
    wanted = ", ".join(f"'{schema}'" for schema in schemas)
    columns = {}
    for table, column in warehouse.sql(
        "select table_schema || '.' || table_name, column_name from information_schema.columns"
        f" where table_schema in ({wanted})"
    ):
        columns.setdefault(table, []).append(column)
    found = set()
    for table, names in columns.items():
        hits = ", ".join(f"""bool_or(regexp_matches("{name}"::varchar, '{pattern}', 'i'))""" for name in names)
        (row,) = warehouse.sql(f"select {hits} from {table}")
        found |= {f"{table}.{name}" for name, hit in zip(names, row, strict=True) if hit}
    return found


def test_no_canary_leaves_the_staging_area(small):
    """Raw e-mails, phones, names, addresses and notes reach contacts, exports and, as a whole, refused rows alone."""
    assert columns_with(small, CANARIES, "staging") >= {
        "staging.stg_shopify__customers.email",
        "staging.stg_shopify__customers.phone",
        "staging.stg_shopify__customers.first_name",
        "staging.stg_shopify__orders.email",
        "staging.stg_pos__sales.customer_phone",
        "staging.stg_pos__sales.loyalty_id",
    }
    found = columns_with(small, f"{CANARIES}|{ADDRESSES}", "marts", "quality", "audiences")
    contacts = {f"marts.customer_contacts.{name}" for name in ("email", "phone_e164", "first_name", "last_name")}
    exported = {column for column in found if column.startswith("audiences.export_")}
    assert found - exported == {"quality.quarantined_rows.raw_row"} | contacts
    assert exported >= {"audiences.export_suppressions.email", "audiences.export_suppressions.phone"}
    columns = [column.removeprefix("audiences.").split(".") for column in exported]
    assert [pair for pair in columns if not re.fullmatch(MAY_HOLD.get(pair[0], "nothing"), pair[1])] == []
    refused = small.one("select sum(row_count) from quality.quarantined_rows")
    assert refused == small.one("select sum(quarantined_rows) from quality.row_accounting") > 0


def test_no_canary_in_logs_and_artifacts(small):
    """Neither a person nor the salt of person ids."""
    files = [
        path for folder in ("logs", "target") for path in (small.target.parent / folder).rglob("*") if path.is_file()
    ]
    assert {"dbt.log", "manifest.json", "int_identity__records.sql"} <= {path.name for path in files}
    texts = {path.name: path.read_text(errors="replace") for path in files} | {"what dbt printed": small.log}
    assert [name for name, text in texts.items() if re.search(CANARIES, text, flags=re.IGNORECASE)] == []


def test_both_layers_of_requirements_pin_the_same():
    """What the tests install on top of the build replaces none of it."""
    build, dev = (
        dict(
            re.findall(
                r"^([a-z0-9_.-]+)(?:\[[^]]*])?==(\S+)", (ROOT / "requirements" / f"{layer}.txt").read_text(), re.M
            )
        )
        for layer in ("build", "dev")
    )
    assert {name: dev.get(name) for name in build} == build
