"""
What leaves the warehouse: readers of three kinds agree from day to day, exclusions hold for everybody, and what must
not go out is found.

The models' SQL, as dbt compiled it, runs in memory on rows of a test.
"""

import json
import random
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

import duckdb
import pytest
from audiences import MEMORY, MODELS, AudienceModels
from compiled import fill
from conftest import Warehouse
from test_audiences import Town

TEXT = "varchar"
DECISION = {
    "audience": TEXT, "kind": TEXT, "customer_id": TEXT, "outcome": TEXT, "outcome_reason": TEXT, "subject": TEXT,
    "channel": TEXT, "counts_as": TEXT, "offer": TEXT, "reason": TEXT, "reason_detail": TEXT,
    "send_not_before": "timestamp", "expires_at": "timestamp", "is_member": "boolean", "entered_at": "timestamp",
    "audience_version": TEXT,
}  # fmt: skip
LOG = {
    "audience": TEXT, "customer_id": TEXT, "change_number": "int", "change": TEXT, "reason": TEXT,
    "changed_at": "timestamp", "subject": TEXT, "channel": TEXT, "counts_as": TEXT, "offer": TEXT,
    "send_not_before": "timestamp", "expires_at": "timestamp", "payload_hash": TEXT,
    "entered_at": "timestamp",
}  # fmt: skip
TABLES = {
    "staging.point_in_time": {"as_of": "date", "cut_at": "timestamp", "reporting_timezone": TEXT},
    "state.audience_log": LOG,
    "state.audience_arms": {"campaign": TEXT, "customer_id": TEXT, "arm": TEXT},
    "state.customer_id_changes": {"old_customer_id": TEXT, "customer_id": TEXT, "changed_at": "timestamp"},
    "marts.customers": {"customer_id": TEXT, "is_erased": "boolean"},
    "marts.customer_id_redirects": {"old_customer_id": TEXT, "customer_id": TEXT},
    "marts.customer_records": dict.fromkeys(
        ("source_name", "source_record_type", "source_record_id", "customer_id"), TEXT
    ),
    "marts.customer_contacts": dict.fromkeys(
        ("customer_id", "email", "phone_e164", "first_name", "country_code", "time_zone", "time_zone_source"), TEXT
    ),
    "intermediate.int_customers__told": dict.fromkeys(("customer_id", "email", "phone_e164"), TEXT),
    "intermediate.int_consent__agreed_addresses": dict.fromkeys(("customer_id", "channel", "purpose", "address"), TEXT),
    "marts.consents": {
        "customer_id": TEXT, "channel": TEXT, "purpose": TEXT, "state": TEXT, "valid_from": "timestamp",
        "valid_to": "timestamp",
    },
    "marts.bad_experiences": {"kind": TEXT, "customer_id": TEXT, "opened_on": "date", "resolved_on": "date"},
    "marts.tickets": {"customer_id": TEXT, "opened_on": "date", "closed_at": "timestamp"},
    "marts.returns": {
        "customer_id": TEXT, "requested_on": "date", "return_state": TEXT, "refunded_at": "timestamp",
    },
    "marts.messages": {
        "message_id": TEXT, "customer_id": TEXT, "channel": TEXT, "message_class": TEXT, "messaged_at": "timestamp",
    },
    "marts.subscriptions": {"customer_id": TEXT, "product_family": TEXT, "product_id": TEXT, "is_active": "boolean"},
    "audiences.audience_decisions": DECISION,
    "audiences.audience_settings": {"audience": TEXT, "destination": TEXT, "class_rank": "int", "offer_terms": TEXT},
    "audiences.audience_qualified": {"audience": TEXT, "customer_id": TEXT, "product_family": TEXT},
    "audiences.audience_holds": {
        "hold_id": TEXT, "customer_id": TEXT, "kind": TEXT, "holds_until": "date", "is_open": "boolean",
    },
    "audiences.audience_assignments": {"campaign": TEXT, "customer_id": TEXT, "arm": TEXT},
    "audiences.audience_channels": {
        "customer_id": TEXT, "channel": TEXT, "may_send_marketing": "boolean", "has_address": "boolean",
        "is_undeliverable": "boolean", "has_complained": "boolean",
    },
}  # fmt: skip
SEEDS = (
    "audiences", "audience_classes", "consent_policy", "experience_holds", "message_caps", "offers", "public_holidays",
    "country_time_zones", "sending_hours", "suppression_rules", "thresholds",
)  # fmt: skip


SUPPRESSIONS = ("audience_universal_control", "export_suppressions")


class Exports:
    """A database named as the compiled SQL names it, with the project's settings and empty tables."""

    def __init__(self, compiled: Warehouse):
        self.folder = compiled.target / "compiled" / "perennial"
        self.connection = duckdb.connect()
        self.connection.execute("attach ':memory:' as warehouse; use warehouse; set timezone = 'UTC'")
        self.connection.execute("set variable perennial_salt = 'salt'")
        for schema in ("raw", "settings", "staging", "state", "intermediate", "marts", "audiences"):
            self.connection.execute(f"create schema {schema}")
        self.connection.execute(f"attach '{compiled.database}' as built (read_only)")
        for seed in SEEDS:
            self.connection.execute(f"create table settings.{seed} as from built.settings.{seed}")
        self.connection.execute("detach built")
        for name, types in TABLES.items():
            fill(self.connection, name, types, [])
        self.connection.execute("create view raw.state__audience_log as from state.audience_log")

    def give(self, name: str, *rows: dict) -> "Exports":
        fill(self.connection, name, TABLES[name], rows)
        return self

    def sql(self, model: str) -> str:
        (path,) = (found for found in self.folder.rglob(f"{model}.sql") if found.parent.suffix != ".yml")
        return path.read_text()

    def make(self, *models: str) -> "Exports":
        for model in models:
            self.connection.execute(f"create or replace table audiences.{model} as {self.sql(model)}")
        return self

    def rows(self, query: str) -> list[dict]:
        result = self.connection.execute(query)
        names = [column[0].lower() for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def record(customer: str, number: str) -> dict:
    return {
        "source_name": "shopify", "source_record_type": "customer", "source_record_id": f"shop:{number}",
        "customer_id": customer,
    }  # fmt: skip


# Three readers


def read_mirror(exports: Exports, seen: dict) -> dict:
    """All rows, compared with those of the last time: only what differs is sent."""
    rows = {row["audience_member_id"]: row for row in exports.rows("from audiences.export_mirror")}
    sent = {key: row for key, row in seen.items() if key in rows}
    return sent | {key: row for key, row in rows.items() if row != seen.get(key)}


def read_cursor(exports: Exports, seen: dict) -> dict:
    """What is new since the newest updated_at, itself included, merged by key."""
    newest = max((row["updated_at"] for row in seen.values()), default=datetime(1970, 1, 1))
    rows = exports.rows(f"from audiences.export_cursor where updated_at >= timestamp '{newest}'")
    return seen | {row["audience_member_id"]: row for row in rows}


def read_braze(exports: Exports, seen: dict) -> dict:
    """Likewise, by profile: Braze reads rows of the newest UPDATED_AT again."""
    newest = max((row["updated_at"] for row in seen.values()), default=datetime(1970, 1, 1))
    rows = exports.rows(f"from audiences.export_braze_cdi where UPDATED_AT >= timestamp '{newest}'")
    return seen | {row["external_id"]: row for row in rows}


def told(profiles: dict) -> set[tuple[str, str]]:
    """Who is in what, as a reader of the mirror or the cursor knows it."""
    return {
        (row["external_id"] or row["customer_id"], row["audience"])
        for row in profiles.values()
        if row.get("is_member", True)
    }


def told_braze(profiles: dict) -> set[tuple[str, str]]:
    return {
        (number, audience)
        for number, row in profiles.items()
        for audience in json.loads(row["payload"])["perennial_audiences"]
    }


# People and their numbers; who never qualifies may still be, or become, somebody who does.
PEOPLE = {"ann": "5", "bea": "6", "cem": "7", "dan": "8", "eva": "9", "fay": None, "gil": "1", "hal": "3", "ida": "2"}
NEVER = {"gil", "ida"}
AUDIENCES = ("one_and_done", "two_time", "lapsed_winback")
FIRST = datetime(2024, 3, 1)
# Eight builds, the fifth of the fourth's day. What happens to people: who is merged into whom, and when they part.
CUTS = [FIRST + timedelta(days=day) for day in (0, 1, 2, 3, 3, 4, 5, 6)]
ERASED_IN, MERGED_IN, PARTED_IN = 3, 2, 6
MERGED = {"ann": "bea", "eva": "dan", "gil": "dan", "hal": "ida"}  # bea and dan get other numbers by it


class Shop:
    """Builds one after the other: decisions by chance, identities by plan."""

    def __init__(self, compiled: Warehouse, seed: int):
        self.exports = Exports(compiled)
        self.chance = random.Random(seed)
        self.exports.give("audiences.audience_settings", *({"audience": name} for name in AUDIENCES))
        self.members: dict[tuple[str, str], dict] = {}

    def build(self, number: int) -> set[tuple[str, str]]:
        """Carry out a build; who is in what."""
        cut = CUTS[number]
        merged = MERGED if MERGED_IN <= number < PARTED_IN else {}
        erased = {"cem"} if number >= ERASED_IN else set()
        self.people(number, cut, merged, erased)
        self.decide(cut, set(PEOPLE) - set(merged) - erased - NEVER)
        self.exports.connection.execute(f"insert into state.audience_log {self.exports.sql('audience_log')}")
        self.exports.make("audience_members", "export_mirror", "export_cursor", "export_braze_cdi")
        return {(self.number(person, merged) or person, audience) for audience, person in self.members}

    def number(self, person: str, merged: dict[str, str]) -> str | None:
        """The smallest of the person's numbers."""
        names = [person, *(name for name, into in merged.items() if into == person)]
        return min((PEOPLE[name] for name in names if PEOPLE[name]), default=None)

    def people(self, number: int, cut: datetime, merged: dict[str, str], erased: set[str]) -> None:
        changes = [
            {"old_customer_id": name, "customer_id": into if kind == "merge" else name, "changed_at": CUTS[when]}
            for name, into in MERGED.items()
            for kind, when in (("merge", MERGED_IN), ("split", PARTED_IN))
            if when <= number
        ]
        self.exports.give("staging.point_in_time", {"as_of": cut.date() - timedelta(days=1), "cut_at": cut})
        self.exports.give(
            "marts.customers",
            *({"customer_id": name, "is_erased": name in erased} for name in PEOPLE if name not in merged),
        )
        self.exports.give(
            "marts.customer_id_redirects",
            *({"old_customer_id": name, "customer_id": into} for name, into in merged.items()),
        )
        self.exports.give("state.customer_id_changes", *changes)
        self.exports.give(
            "marts.customer_records",
            *(record(merged.get(name, name), other) for name, other in PEOPLE.items() if other),
        )

    def decide(self, cut: datetime, people: Iterable[str]) -> None:
        """Some stay as they are, some get another offer, some come, some go."""
        before, self.members = self.members, {}
        for person in sorted(people):
            for audience in AUDIENCES:
                member = before.get((audience, person))
                chance = self.chance.random()
                if member is None and chance < 0.4:
                    member = {"entered_at": cut, "offer": None}
                elif member and chance < 0.2:
                    member = member | {"offer": f"offer {chance}"}
                elif member and chance > 0.7:
                    member = None
                if member:
                    self.members[audience, person] = member
        self.exports.give(
            "audiences.audience_decisions",
            *(
                {
                    "audience": audience, "kind": "*", "customer_id": person, "outcome": "exported", "subject": "order",
                    "channel": "email", "counts_as": "promotional", "reason": "Bought", "reason_detail": '{"n": 1}',
                    "send_not_before": member["entered_at"], "expires_at": FIRST + timedelta(days=30),
                    "audience_version": "1", "is_member": member["entered_at"] < cut, **member,
                }
                for (audience, person), member in self.members.items()
            ),
        )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_three_readers_end_with_the_same_members(sample, seed):
    """After every build, also for one who reads every third time."""
    shop = Shop(sample, seed)
    mirror, cursor, braze, seldom, before = {}, {}, {}, {}, {}
    for number, cut in enumerate(CUTS):
        members = shop.build(number)
        mirror, cursor, braze = (
            read(shop.exports, seen)
            for read, seen in ((read_mirror, mirror), (read_cursor, cursor), (read_braze, braze))
        )
        if number % 3 == 1:
            seldom = read_cursor(shop.exports, seldom)
            assert told(seldom) == members
        assert told(mirror) == told(cursor) == members
        assert told_braze(braze) == {pair for pair in members if pair[0] not in PEOPLE}
        rows = {row["audience_member_id"]: row for row in shop.exports.rows("from audiences.export_cursor")}
        assert {row["updated_at"] for key, row in rows.items() if row != before.get(key)} <= {cut}
        before = rows
    assert len(before) > 10


def test_a_build_without_news_tells_nothing(sample):
    shop = Shop(sample, 1)
    shop.build(0)
    told_before = shop.exports.rows("from state.audience_log")
    shop.exports.connection.execute(f"insert into state.audience_log {shop.exports.sql('audience_log')}")
    assert shop.exports.rows("from state.audience_log") == told_before != []


def test_tools_are_told_what_an_offer_promises(sample):
    """Who may not be made an offer is not told its terms."""
    terms = '{"reward_type": "percent_off", "reward_value": 50.00, "minimum_order": 30.00}'
    exports = Exports(sample).give("staging.point_in_time", {"as_of": date(2024, 2, 29), "cut_at": FIRST})
    exports.give("audiences.audience_settings", {"audience": "churn_risk", "offer_terms": terms})
    exports.give("marts.customer_records", record("ann", "1"), record("bea", "2"))
    decision = {"audience": "churn_risk", "outcome": "exported", "channel": "email", "subject": "s", "reason": "Gone"}
    decision |= {"reason_detail": "{}", "send_not_before": FIRST, "expires_at": FIRST, "audience_version": "1"}
    exports.give(
        "audiences.audience_decisions",
        decision | {"customer_id": "ann", "offer": "half_price"},
        decision | {"customer_id": "bea"},
    )
    exports.connection.execute(f"insert into state.audience_log {exports.sql('audience_log')}")
    exports.make("audience_members", "export_mirror", "export_cursor", "export_braze_cdi")
    for export in ("export_mirror", "export_cursor"):
        rows = exports.rows(f"from audiences.{export} order by customer_id")
        assert [row["offer_terms"] for row in rows] == [terms, None]
    payloads = [json.loads(row["payload"]) for row in exports.rows("from audiences.export_braze_cdi order by all")]
    told = [message["offer_terms"] for payload in payloads for message in payload["perennial_messages"]]
    assert sorted(told, key=str) == sorted([json.loads(terms), None], key=str)


# One member is one message


class Days(Town):
    """A town whose builds follow one another, with what each of them left in the log and in the exports."""

    def __init__(self, models: AudienceModels, compiled: Warehouse):
        super().__init__(models)
        self.exports = Exports(compiled)
        self.exports.give(
            "audiences.audience_settings", *({"audience": row["audience"]} for row in self.world["audiences"])
        )
        self.told: list[dict] = []

    def go(self, days: int = 1) -> "Days":
        self.world["as_of"] += timedelta(days)
        self.world["cut_at"] += timedelta(days)
        self.cut = self.world["cut_at"]
        return self

    def build(self) -> list[dict]:
        """Those who are exported; `told` is what the log learned of it."""
        run = self.models.run(self.world, *MODELS, *MEMORY)
        for name in MEMORY:
            self.told = run.rows(f"from state.{name}")
            self.world[f"state__{name}"] += self.told
        decisions = [{name: row[name] for name in DECISION} for row in run.decisions().values()]
        self.exports.give("audiences.audience_decisions", *decisions)
        self.exports.give("state.audience_log", *self.world["state__audience_log"])
        self.exports.make("audience_members", "export_mirror", "export_cursor", "export_helpdesk_tasks")
        mirror, cursor = (
            {row["audience_member_id"] for row in self.exports.rows(query)}
            for query in ("from audiences.export_mirror", "from audiences.export_cursor where is_member")
        )
        assert mirror == cursor
        return self.exports.rows("from audiences.audience_members")

    def entries(self) -> dict[str, datetime]:
        return {row["customer_id"]: row["entered_at"] for row in self.build()}

    def tasks(self) -> set[str]:
        return {row["task_id"] for row in self.exports.rows("from audiences.export_helpdesk_tasks")}

    def changes(self) -> set[tuple]:
        return {(row["customer_id"], row["change"], row["reason"]) for row in self.told}

    def rename(self, old: str, new: str) -> None:
        """Everything of the one is the other's from now on."""
        for name, rows in self.world.items():
            if isinstance(rows, list) and not name.startswith("state__"):
                for row in rows:
                    if row.get("customer_id") == old:
                        row["customer_id"] = new

    def merge(self, old: str, new: str) -> None:
        self.rename(old, new)
        self.add("customer_id_redirects", old_customer_id=old, customer_id=new, reason="merge", changed_at=self.cut)

    def split(self, old: str, new: str) -> None:
        self.world["customer_id_redirects"] = []
        self.rename(new, old)


@pytest.fixture
def days(sample) -> Days:
    return Days(AudienceModels(sample), sample)


def test_a_build_for_an_earlier_day_brings_nobody_back(days):
    for name in ("stays", "refuses"):
        days.person(name)
        days.trigger(name, triggered_at=days.cut - timedelta(5))
    first = days.entries()
    assert first == {"stays": days.cut, "refuses": days.cut}
    consent = days.world["audience_channels"][1]
    consent["may_send_marketing"] = False
    assert days.go().entries() == {"stays": first["stays"]}
    consent["may_send_marketing"] = True
    assert days.go(-3).entries() == {"stays": first["stays"]}
    assert days.told == []


def test_a_build_for_a_day_far_ahead_is_the_entry_until_then(days):
    days.person("one")
    days.trigger("one", triggered_at=days.cut - timedelta(hours=1))
    entered = days.go(10).entries()
    for day in (-10, 1, 1):
        assert days.go(day).entries() == entered
        assert days.told == []


@pytest.mark.parametrize("audience", ["churn_risk", "loyalty_tier_changed"])
def test_a_member_who_is_merged_and_parted_again_is_written_to_once(days, audience):
    days.person("old")
    days.trigger("old", audience, triggered_at=days.cut - timedelta(hours=1))
    entered = days.cut
    planned = {row["send_not_before"] for row in days.build()}
    days.go().merge("old", "new")
    for _ in "ab":
        assert days.entries() == {"new": entered}
        days.go()
    days.split("old", "new")
    assert days.entries() == {"old": entered}
    days.go()
    assert {(row["entered_at"], row["send_not_before"]) for row in days.build()} == {(entered, *planned)}
    found = [(row["customer_id"], row["change"], row["reason"]) for row in days.world["state__audience_log"]]
    assert sorted(found, key=str) == sorted(
        [
            ("old", "add", None), ("old", "remove", "merged"), ("new", "add", "resumed"),
            ("new", "remove", "no_longer_qualifies"), ("old", "add", "resumed"),
        ],
        key=str,
    )  # fmt: skip


def test_a_merge_plans_no_message_again(days):
    """Two promotional mails a week: the member's, which went out days before the merge, and another one."""
    days.person("old")
    days.trigger("old", triggered_at=days.cut - timedelta(hours=1))
    days.build()
    sent = {"channel": "email", "message_class": "promotional", "messaged_at": days.cut + timedelta(hours=12)}
    days.add("messages", message_id="m", customer_id="old", **sent)
    days.go(3).merge("old", "new")
    days.build()
    days.go().trigger("new", "two_time", triggered_at=days.cut - timedelta(hours=1))
    days.world["qualified_churn_risk"] = []
    days.world["message_caps"] = [
        {"channel": "email", "counts_as": "promotional", "window_hours": 168, "max_messages": 2}
    ]
    assert [row["audience"] for row in days.build()] == ["two_time"]


def test_a_ticket_is_opened_once_whoever_the_person_is(days):
    days.person("old")
    days.trigger("old", "service_recovery", subject="e1", triggered_at=days.cut - timedelta(hours=1))
    days.build()
    first = days.tasks()
    days.go()
    for change in (days.merge, days.split):
        change("old", "new")
        for _ in "ab":
            days.build()
            assert days.tasks() == first != set()
            days.go()


def test_a_new_trigger_is_a_new_entry_for_good(days):
    days.person("one")
    entered, tasks = [], []
    for number in range(4):
        if number < 2:
            subject = f"e{number}"
            days.trigger("one", "service_recovery", subject=subject, triggered_at=days.cut - timedelta(hours=1))
        entered += days.entries().values()
        tasks += days.tasks()
        days.go()
    first = entered[0]
    assert entered == [first, *[first + timedelta(1)] * 3]
    assert len(set(tasks[:2])) == 2
    assert len(set(tasks[1:])) == 1


def test_who_was_removed_and_is_back_the_same_day_is_resumed(days):
    days.person("one")
    days.trigger("one", triggered_at=days.cut - timedelta(hours=1))
    entered = days.entries()
    days.go().add("audience_holds", hold_id="h", customer_id="one", is_open=True)
    assert days.entries() == {}
    days.world["audience_holds"] = []
    assert days.entries() == entered
    assert days.changes() == {("one", "add", "resumed")}


def test_who_is_erased_is_removed_again_under_every_id(days):
    days.person("old")
    days.trigger("old", triggered_at=days.cut - timedelta(hours=1))
    days.build()
    days.go().merge("old", "new")
    days.build()
    days.go().world["customers"][0]["is_erased"] = True
    days.build()
    assert days.changes() == {("old", "remove", "erased"), ("new", "remove", "erased")}
    days.build()
    assert days.changes() == set()


# Addresses


def test_only_the_address_of_the_channel_leaves(sample):
    exports = Exports(sample)
    exports.connection.execute(
        """
        create table audiences.audience_members as
        select audience || channel as audience_member_id, audience, 'ann' as customer_id, '5' as external_id, channel,
            'Late' as reason, '{"order_id": "shop:77"}' as reason_detail, null::varchar as offer,
            null::varchar as offer_terms,
            timestamp '2024-03-01' as send_not_before, timestamp '2024-03-02' as expires_at,
            timestamp '2024-03-01' as entered_at, timestamp '2024-03-01' as updated_at, 'h' as payload_hash
        from (values ('a', 'email'), ('b', 'sms'), ('c', 'push'), ('d', 'helpdesk')) as given (audience, channel)
        """
    )
    exports.give("audiences.audience_settings", *({"audience": name, "class_rank": 2} for name in "abcd"))
    exports.give("state.audience_log", {"audience": "d", "customer_id": "ann", "change_number": 1, "subject": "late"})
    contact = {"customer_id": "ann", "email": "ann@example.com", "phone_e164": "+491", "first_name": "Ann"}
    exports.give("marts.customer_contacts", contact)
    exports.make("export_mirror", "export_klaviyo_lists", "export_helpdesk_tasks")
    addresses = "select channel, email, phone from audiences.export_mirror order by audience"
    assert exports.connection.execute(addresses).fetchall() == [
        ("email", "ann@example.com", None), ("sms", None, "+491"), ("push", None, None), ("helpdesk", None, None),
    ]  # fmt: skip
    lists = "select list_name, email, phone_number from audiences.export_klaviyo_lists order by list_name"
    assert exports.connection.execute(lists).fetchall() == [("a", "ann@example.com", None), ("b", None, "+491")]
    task = "select subject_line, order_id, priority from audiences.export_helpdesk_tasks"
    assert exports.connection.execute(task).fetchall() == [("Late (order 77)", "shop:77", 2)]


# Exclusions of flows that run elsewhere


def test_who_must_not_be_promoted_to_is_told_for_everybody(sample):
    """Marshall's paused subscription, a hold, a refusal, a control group, an erasure; nobody is in an audience."""
    exports = Exports(sample)
    people = ("marshall", "held", "refused", "control", "erased", "fine", "unknown")
    exports.give("staging.point_in_time", {"as_of": date(2024, 2, 29), "cut_at": FIRST})
    exports.give("marts.customers", *({"customer_id": name, "is_erased": name == "erased"} for name in people))
    exports.give("marts.customer_records", *(record(name, name[:2]) for name in people if name != "unknown"))
    exports.give(
        "marts.customer_contacts",
        *({"customer_id": name, "email": f"{name}@example.com"} for name in people[:4]),
    )
    exports.give(
        "marts.subscriptions",
        {"customer_id": "marshall", "product_family": "Tea", "is_active": True},
        {"customer_id": "marshall", "product_family": "Soap", "is_active": False},
        {"customer_id": "erased", "product_family": "Tea", "is_active": True},
    )
    exports.give(
        "audiences.audience_holds", *({"customer_id": name, "is_open": name == "held"} for name in ("held", "fine"))
    )
    exports.give(
        "audiences.audience_assignments",
        *(
            {"campaign": "universal:2024", "customer_id": name, "arm": "control" if name == "control" else "treatment"}
            for name in people
        ),
    )
    exports.give(
        "audiences.audience_channels",
        *(
            {
                "customer_id": name, "channel": "email", "may_send_marketing": name != "refused", "has_address": True,
                "is_undeliverable": False, "has_complained": False,
            }
            for name in people
            if name not in ("erased", "unknown")
        ),
    )  # fmt: skip
    exports.make(*SUPPRESSIONS)
    told = exports.connection.execute(
        """
        select customer_id, product_family, reason, external_id, email from audiences.export_suppressions
        where destination = 'klaviyo' and channel = 'email' order by all
        """
    ).fetchall()
    assert told == [
        ("control", "*", "universal_control", "co", "control@example.com"),
        ("erased", "*", "erased", "er", None),
        ("held", "*", "experience_hold", "he", "held@example.com"),
        ("marshall", "Tea", "already_subscribed", "ma", "marshall@example.com"),
        ("refused", "*", "no_consent", "re", "refused@example.com"),
    ]
    texts = "select distinct reason from audiences.export_suppressions where channel = 'sms' order by all"
    assert exports.connection.execute(texts).fetchall() == [("already_subscribed",), ("erased",), ("no_consent",)]


def test_the_universal_control_group_is_that_of_the_hash_until_somebody_is_assigned(sample):
    exports = Exports(sample)
    people = [f"p{number}" for number in range(3_000)]
    exports.give("staging.point_in_time", {"as_of": date(2024, 2, 29), "cut_at": FIRST})
    exports.give("marts.customers", *({"customer_id": name, "is_erased": False} for name in people))
    exports.give("marts.customer_records", *(record(name, name) for name in people))
    exports.give(
        "audiences.audience_channels",
        *(
            {
                "customer_id": name, "channel": "email", "may_send_marketing": True, "has_address": True,
                "is_undeliverable": False, "has_complained": False,
            }
            for name in people
        ),
    )  # fmt: skip
    query = "select distinct customer_id from audiences.export_suppressions where reason = 'universal_control'"
    hashed = {name for (name,) in exports.make(*SUPPRESSIONS).connection.execute(query).fetchall()}
    assert 30 < len(hashed) < 90
    released, taken = min(hashed), next(name for name in people if name not in hashed)
    exports.give(
        "audiences.audience_assignments",
        {"campaign": "universal:2024", "customer_id": released, "arm": "treatment"},
        {"campaign": "universal:2024", "customer_id": taken, "arm": "control"},
        {"campaign": "universal:2023", "customer_id": "p1", "arm": "control"},
    )
    now = {name for (name,) in exports.make(*SUPPRESSIONS).connection.execute(query).fetchall()}
    assert now == hashed - {released} | {taken}


# What must not go out is found


def safe(exports: Exports) -> Exports:
    """Ann is sent a text message, a promotion, this noon; all that may be exported of her stands in the exports."""
    exports.give("staging.point_in_time", {"as_of": date(2024, 2, 29), "cut_at": FIRST})
    exports.give("marts.customers", {"customer_id": "ann", "is_erased": False})
    exports.give(
        "marts.customer_contacts",
        {
            "customer_id": "ann", "country_code": "DE", "time_zone": "Europe/Berlin", "time_zone_source": "braze",
            "email": "Ann@example.com", "phone_e164": "+491",
        },
    )  # fmt: skip
    exports.give("marts.consents", *consents("subscribed"))
    exports.give("intermediate.int_consent__agreed_addresses", *agreed("491", "ann@example.com"))
    exports.give(
        "audiences.audience_qualified", {"audience": "cross_category", "customer_id": "ann", "product_family": "Tea"}
    )
    exports.connection.execute(
        """
        create table audiences.export_mirror as
        select 'cross_category' as audience, 'ann' as customer_id, 'sms' as channel, null::varchar as email,
            '+491' as phone, null::varchar as offer, timestamp '2024-03-01 11:00:00' as send_not_before,
            timestamp '2024-03-01' as entered_at;
        create table audiences.export_klaviyo_lists as
        select audience as list_name, customer_id, channel as consent_channel, email, phone as phone_number, offer,
            send_not_before
        from audiences.export_mirror;
        create table audiences.export_lookalike_seed as select 'ann' as customer_id, 'email' as identifier_type;
        create table audiences.export_ad_platforms as select 'ann' as customer_id, 'phone' as identifier_type;
        create table audiences.export_suppressions as
        select 'ann' as customer_id, 'ann@example.com' as email, null::varchar as phone;
        create table audiences.export_profile_attributes as select 'ann' as customer_id;
        create table audiences.export_helpdesk_tasks as select 'ann' as customer_id
        """
    )
    return exports


def consents(state: str, purpose: str = "marketing", **more) -> list[dict]:
    return [
        {
            "customer_id": "ann", "channel": channel, "purpose": purpose, "state": state,
            "valid_from": FIRST - timedelta(60), **more,
        }
        for channel in ("email", "sms")
    ]  # fmt: skip


def agreed(phone: str, email: str = "ann@example.com", purpose: str = "marketing") -> list[dict]:
    return [
        {"customer_id": "ann", "channel": channel, "purpose": purpose, "address": address}
        for channel, address in (("sms", phone), ("email", email))
    ]


def message(number: int, hours_ago: float, channel: str = "sms", kind: str = "promotional") -> dict:
    return {
        "message_id": str(number), "customer_id": "ann", "channel": channel, "message_class": kind,
        "messaged_at": FIRST - timedelta(hours=hours_ago),
    }  # fmt: skip


def given(name: str, *rows: dict) -> Callable[[Exports], object]:
    return lambda exports: exports.give(name, *rows)


def changed(statement: str) -> Callable[[Exports], object]:
    return lambda exports: exports.connection.execute(statement)


def all_members(change: str) -> str:
    return f"update audiences.export_mirror set {change}; update audiences.export_klaviyo_lists set {change}"


EXPERIENCE = {"kind": "low_review", "customer_id": "ann", "opened_on": date(2024, 2, 20)}
BOTH = {"export_mirror", "export_klaviyo_lists"}
WHERE = {
    "no consent": BOTH | {"export_lookalike_seed", "export_ad_platforms"},
    "another address": BOTH | {"export_lookalike_seed", "export_ad_platforms"},
    "open question": BOTH | {"export_lookalike_seed"},
    "control group": BOTH,
    "asked to be forgotten": BOTH
    | {
        "export_lookalike_seed",
        "export_ad_platforms",
        "export_suppressions",
        "export_profile_attributes",
        "export_helpdesk_tasks",
    },
    "too many messages": {"export_mirror"},
    "subscribes to it": BOTH,
    "at night": BOTH,
}
PLANTED = {
    "refused": (given("marts.consents", *consents("unsubscribed")), "no consent"),
    "never asked": (given("marts.consents"), "no consent"),
    "agreed under other addresses": (
        given("intermediate.int_consent__agreed_addresses", *agreed("492", "an@example.com")), "another address",
    ),
    "agreed to texts about orders alone": (
        given("intermediate.int_consent__agreed_addresses", *agreed("491", purpose="transactional")), "another address",
    ),
    "agreed only later": (given("marts.consents", *consents("subscribed", valid_from=FIRST)), "no consent"),
    "agreed once": (given("marts.consents", *consents("subscribed", valid_to=FIRST - timedelta(1))), "no consent"),
    "refused everything": (
        given("marts.consents", *consents("subscribed"), *consents("unsubscribed", "transactional")), "no consent",
    ),
    "an open complaint": (given("marts.bad_experiences", EXPERIENCE), "open question"),
    "a complaint just answered": (
        given("marts.bad_experiences", EXPERIENCE | {"resolved_on": date(2024, 2, 24)}), "open question",
    ),
    "an open ticket": (
        given("marts.tickets", {"customer_id": "ann", "opened_on": date(2024, 2, 28)}), "open question",
    ),
    "an open refund": (
        given("marts.returns", {"customer_id": "ann", "requested_on": date(2024, 2, 1), "return_state": "approved"}),
        "open question",
    ),
    "the audience's control group": (
        given("state.audience_arms", {"campaign": "cross_category", "customer_id": "ann", "arm": "control"}),
        "control group",
    ),
    "the universal control group, before a merge": (
        lambda exports: (
            exports.give("state.audience_arms", {"campaign": "universal:2024", "customer_id": "old", "arm": "control"}),
            exports.give("marts.customer_id_redirects", {"old_customer_id": "old", "customer_id": "ann"}),
        ), "control group",
    ),
    "erased": (given("marts.customers", {"customer_id": "ann", "is_erased": True}), "asked to be forgotten"),
    "the week's text message": (given("marts.messages", message(1, 100)), "too many messages"),
    "the day's message": (given("marts.messages", message(1, 23, "email")), "too many messages"),
    "the week's fourth": (
        given("marts.messages", *(message(number, 30 + number, "push") for number in range(4))), "too many messages",
    ),
    "a subscription": (
        given("marts.subscriptions", {"customer_id": "ann", "product_family": "Tea", "is_active": True}),
        "subscribes to it",
    ),
    "before nine": (changed(all_members("send_not_before = timestamp '2024-03-01 07:59:59'")), "at night"),
    "at eight": (changed(all_members("send_not_before = timestamp '2024-03-01 19:00:00'")), "at night"),
    "a French Sunday": (
        changed(
            all_members("send_not_before = timestamp '2024-03-03 11:00:00'")
            + "; update marts.customer_contacts set country_code = 'FR', time_zone = 'Europe/Paris'"
        ), "at night",
    ),
    "a French Easter Monday": (
        changed(
            all_members("send_not_before = timestamp '2024-04-01 11:00:00'")
            + "; update marts.customer_contacts set country_code = 'FR', time_zone = 'Europe/Paris'"
        ), "at night",
    ),
    "night where the person lives, by the country": (
        changed("update marts.customer_contacts set country_code = 'JP', time_zone_source = 'country_code'"),
        "at night",
    ),
    "nobody knows where the person lives": (
        changed("update marts.customer_contacts set country_code = null, time_zone = null, time_zone_source = null"),
        "at night",
    ),
}  # fmt: skip
HARMLESS = {
    "nothing": given("marts.tickets"),
    "consents that name no address": given("intermediate.int_consent__agreed_addresses", *agreed("-", "-")),
    "a ticket that is closed": given(
        "marts.tickets", {"customer_id": "ann", "opened_on": date(2024, 2, 28), "closed_at": FIRST - timedelta(1)}
    ),
    "an old complaint": given("marts.bad_experiences", EXPERIENCE | {"opened_on": date(2023, 12, 31)}),
    "a complaint long answered": given("marts.bad_experiences", EXPERIENCE | {"resolved_on": date(2024, 2, 22)}),
    "last year's control group": given(
        "state.audience_arms", {"campaign": "universal:2023", "customer_id": "ann", "arm": "control"}
    ),
    "last week's text message": given("marts.messages", message(1, 168)),
    "yesterday's mail, and a receipt": given(
        "marts.messages", message(1, 24, "email"), message(2, 1, "email", "transactional")
    ),
    "another subscription": given(
        "marts.subscriptions", {"customer_id": "ann", "product_family": "Soap", "is_active": True}
    ),
    "a subscription that ended": given(
        "marts.subscriptions", {"customer_id": "ann", "product_family": "Tea", "is_active": False}
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_what_must_not_go_out_is_found(sample, name):
    exports = safe(Exports(sample))
    plant, problem = PLANTED[name]
    plant(exports)
    found = exports.rows(exports.sql("exports_are_safe"))
    assert {(row["export"], row["problem"]) for row in found} == {(export, problem) for export in WHERE[problem]}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_may_go_out_is_left_alone(sample, name):
    exports = safe(Exports(sample))
    HARMLESS[name](exports)
    assert exports.rows(exports.sql("exports_are_safe")) == []


# Everybody a tool may know


def two_accounts(compiled: Warehouse, **channel) -> Exports:
    """Ann has two accounts and three addresses, is in the universal control group and has an open complaint."""
    exports = Exports(compiled)
    exports.give("staging.point_in_time", {"as_of": date(2024, 2, 29), "cut_at": FIRST})
    exports.give("marts.customer_records", record("ann", "11"), record("ann", "22"))
    exports.give("marts.customer_contacts", {"customer_id": "ann", "email": "ann@example.com", "phone_e164": "+491"})
    exports.give(
        "intermediate.int_customers__told",
        {"customer_id": "ann", "email": "ann@example.com"},
        {"customer_id": "ann", "email": "a.nn@gmail.com", "phone_e164": "+491"},
        {"customer_id": "ann", "email": "a.nn@gmail.com", "phone_e164": "+492"},
    )
    exports.give(
        "audiences.audience_holds",
        {"hold_id": "h", "customer_id": "ann", "kind": "low_review", "holds_until": date(2024, 3, 9), "is_open": True},
    )
    exports.give(
        "audiences.audience_assignments", {"campaign": "universal:2024", "customer_id": "ann", "arm": "control"}
    )
    known = {"may_send_marketing": True, "has_address": True, "is_undeliverable": False, "has_complained": False}
    exports.give("audiences.audience_channels", {"customer_id": "ann", "channel": "email"} | known | channel)
    exports.connection.execute(
        """
        create or replace table marts.customers as
        select 'ann' as customer_id, false as is_erased, '["Tea"]' as subscribed_product_families,
            5.00 as points_available, null::date as next_points_expire_on, null::varchar as loyalty_tier,
            'repeat' as purchase_stage, 'active' as activity_state
        """
    )
    return exports


def test_every_profile_of_a_person_is_left_out(sample):
    exports = two_accounts(sample, may_send_marketing=False).make(*SUPPRESSIONS)
    told = exports.connection.execute(
        """
        select channel, external_id, email, phone from audiences.export_suppressions
        where destination = 'klaviyo' and product_family = '*' and reason = 'no_consent' order by all
        """
    ).fetchall()
    assert told == [
        ("email", "11", "ann@example.com", None), ("email", "22", None, None), ("email", None, "a.nn@gmail.com", None),
        ("push", "11", None, None), ("push", "22", None, None),
        ("sms", "11", None, "+491"), ("sms", "22", None, None), ("sms", None, None, "+492"),
    ]  # fmt: skip
    keys = "select count(*), count(distinct suppression_id) from audiences.export_suppressions"
    assert exports.connection.execute(keys).fetchall() == [(16, 16)]


def test_every_profile_of_a_person_knows_the_hold(sample):
    exports = two_accounts(sample).make("export_profile_attributes")
    told = exports.connection.execute(
        """
        select external_id, hold_reason, subscribed_product_families from audiences.export_profile_attributes
        where destination = 'braze' order by all
        """
    ).fetchall()
    assert told == [("11", "low_review", '["Tea"]'), ("22", "low_review", '["Tea"]')]


@pytest.mark.parametrize(
    ("channel", "lists"),
    [
        ({}, {"experience_hold", "universal_control"}),
        ({"is_undeliverable": True}, {"experience_hold", "universal_control"}),
        ({"has_complained": True}, set()),
        ({"may_send_marketing": False}, set()),
    ],
    ids=["agreed", "bounced", "complained", "refused"],
)
def test_no_ad_reaches_who_is_on_hold(sample, channel, lists):
    """Each list is whole, whatever else keeps the person from messages; of several addresses the contact is listed."""
    exports = two_accounts(sample, **channel).make(*SUPPRESSIONS, "export_ad_platforms")
    listed = exports.connection.execute(
        "select exclude_list, identifier_type from audiences.export_ad_platforms where platform = 'meta' order by all"
    ).fetchall()
    assert listed == [(name, "email") for name in sorted(lists)]
