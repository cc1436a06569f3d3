"""The SQL of the audiences on random worlds: what a plain reference decides, and nothing more when less is allowed.

Worlds come from audiences_worlds, what must come out from audiences_reference, which never looked at the SQL.
"""

import random
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal

import audiences_worlds
import pytest
from audiences import DECIDED, MEMORY, MODELS, AudienceModels
from audiences_reference import bucket_of, decide
from audiences_worlds import DAY, FAMILIES, HOUR, MINUTE, SECOND, empty

TUESDAY = date(2025, 12, 30)


@pytest.fixture(scope="module")
def models(sample) -> AudienceModels:
    return AudienceModels(sample)


def told(decisions: dict, columns: tuple[str, ...] = DECIDED) -> dict[tuple, tuple]:
    def value(decision, column: str):
        return decision[column] if isinstance(decision, dict) else getattr(decision, column)

    return {key: tuple(value(decision, column) for column in columns) for key, decision in decisions.items()}


def differences(models: AudienceModels, world: dict, change: Callable | None = None) -> dict[tuple, tuple]:
    """Where SQL and reference differ, by audience and person."""
    ours, theirs = told(models.run(world, change=change).decisions()), told(decide(world))
    return {
        key: (ours.get(key), theirs.get(key)) for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)
    }


def exports(decisions: dict) -> dict[tuple[str, str], dict]:
    return {key: row for key, row in decisions.items() if row["outcome"] == "exported"}


# Random worlds


@pytest.mark.parametrize("number", [1, 2, 3])
def test_everybody_gets_what_the_reference_decides(models, number):
    world = audiences_worlds.world(number, 5_000)
    assert dict(list(differences(models, world).items())[:3]) == {}


def test_random_worlds_know_every_outcome(crowd):
    """Else they would prove nothing of what never happens in them."""
    _, decisions = crowd
    found = Counter(row["outcome_reason"] for row in decisions.values())
    assert {reason for reason, count in found.items() if count >= 3} >= {
        *("over", "too_old", "before_live_from", "cool_down", "over_budget", "not_live", "too_many", "stale_consent"),
        *(row["reason"] for row in audiences_worlds.seed("suppression_rules")),
        None,
    }


@pytest.fixture(scope="module")
def crowd(models) -> tuple[dict, dict]:
    """A world and what the SQL decides in it."""
    world = audiences_worlds.world(2, 3_000)
    return world, models.run(world).decisions()


WITHOUT = {
    "a hold": ("audience_suppressions", "audiences", "audience_holds"),
    "a subscription": ("audience_out_of_place", "marts", "subscriptions"),
    "another product": ("audience_qualified", "audiences", "audience_out_of_place"),
    "a cap": ("audience_entrants", "settings", "message_caps"),
    "what was planned": ("audience_entrants", "raw", "state__audience_log"),
    "a merge": ("audience_standing", "marts", "customer_id_redirects"),
    "an arm": ("audience_assignments", "raw", "state__audience_arms"),
    "a channel": ("audience_routes", "audiences", "audience_channels"),
}


@pytest.mark.parametrize("left_out", WITHOUT)
def test_models_that_forget_something_are_found_out(models, left_out):
    model, schema, table = WITHOUT[left_out]

    def change(name: str, sql: str) -> str:
        known = f'"{models.catalog}"."{schema}"."{table}"'
        assert name != model or known in sql
        return sql.replace(known, f"(select * from {known} where false)") if name == model else sql

    assert differences(models, audiences_worlds.world(2, 800), change)


def test_the_order_of_rows_is_of_no_matter(models, crowd):
    world, decisions = crowd
    chance = random.Random(5)
    shuffled = {
        name: chance.sample(rows, len(rows)) if isinstance(rows, list) else rows for name, rows in world.items()
    }
    assert models.run(shuffled).decisions() == decisions


def test_a_day_can_be_built_again_and_the_next_one_goes_on_from_it(models):
    """The log and the arms that a build leaves behind are what the next build finds."""
    world = audiences_worlds.world(3, 1_500)
    world["state__audience_log"] = [row for row in world["state__audience_log"] if row["changed_at"] < world["cut_at"]]
    run = models.run(world, *MODELS, *MEMORY)
    for name in MEMORY:
        left = run.rows(f"from state.{name}")
        assert left
        world[f"state__{name}"] += left
    assert models.run(world).decisions() == run.decisions()
    world |= {"as_of": world["as_of"] + DAY, "cut_at": world["cut_at"] + DAY}
    assert differences(models, world) == {}


# What is taken away brings nothing instead


def some(world: dict, share: float) -> set[str]:
    chance = random.Random(11)
    return {row["customer_id"] for row in world["customers"] if chance.random() < share}


def hold(world: dict, people: set[str]) -> None:
    world["audience_holds"] += [{"hold_id": f"new {each}", "customer_id": each, "is_open": True} for each in people]


def subscribe(world: dict, people: set[str]) -> None:
    world["subscriptions"] += [
        {
            "subscription_id": f"new {each}",
            "customer_id": each,
            "is_active": True,
            "product_family": family,
            "product_id": None,
        }
        for each in people
        for family in FAMILIES[:2]
    ]


def in_channel(channel: str, **settings) -> Callable:
    def change(world: dict, people: set[str]) -> None:
        for row in world["audience_channels"]:
            if row["customer_id"] in people and row["channel"] == channel:
                row |= settings

    return change


def tighten(world: dict, people: set[str]) -> None:
    for row in world["message_caps"]:
        row["max_messages"] = max(0, row["max_messages"] - 1)


STOP = {"may_send_marketing": False, "may_send_transactional": False}
LESS = {
    "hold": (hold, None),
    "subscription": (subscribe, None),
    "opt-out": (in_channel("email", may_send_marketing=False), None),
    "stop": (in_channel("sms", **STOP), "sms"),
    "complaint": (in_channel("email", has_complained=True), "email"),
    "bounce": (in_channel("push", is_undeliverable=True), "push"),
    "caps": (tighten, None),
}


def promotional(decisions: dict) -> Counter:
    return Counter(key[1] for key, row in exports(decisions).items() if row["counts_as"] == "promotional")


@pytest.mark.parametrize("less", LESS)
def test_who_may_be_sent_less_gets_no_more(models, crowd, less):
    world, before = crowd
    change, closed = LESS[less]
    changed, people = copy(world), some(world, 0.5)
    change(changed, people)
    after = models.run(changed).decisions()
    assert told(after) != told(before)
    if less != "caps":  # nobody else notices
        assert [key for key in before if key[1] not in people and after[key] != before[key]] == []
    added = {key: row for key, row in exports(after).items() if key not in exports(before)}
    assert [key for key, row in added.items() if key[1] in people and row["channel"] == closed] == []
    assert promotional(after) - promotional(before) == Counter()
    assert promotional(before) - promotional(after)


def test_a_control_group_takes_people_out_and_puts_nobody_in(models, crowd):
    world, before = crowd
    name, _ = Counter(
        audience for (audience, _), row in exports(before).items() if row["purpose_class"] == "lifecycle"
    ).most_common(1)[0]
    changed = copy(world)
    (audience,) = (row for row in changed["audiences"] if row["audience"] == name)
    audience["holdout_share"] += Decimal("0.3")
    after = models.run(changed).decisions()
    sent = [{key for key in exports(decisions) if key[0] == name} for decisions in (before, after)]
    assert sent[1] < sent[0]
    controls = [{key for key, row in each.items() if row["outcome"] == "control"} for each in (before, after)]
    assert controls[0] < controls[1]


def test_a_better_audience_changes_who_wins_and_not_who_is_stopped(models, crowd):
    world, before = crowd
    changed = copy(world)
    (audience,) = (row for row in changed["audiences"] if row["audience"] == "churn_risk")
    better = audience | {"audience": "better", "kind": "better", "assumed_lift": Decimal("0.9"), "cool_down_days": 0}
    changed["audiences"].append(better | {"is_live": True, "live_from": date(2024, 1, 1), "needs": None, "offer": None})
    changed["audiences"][-1] |= {"max_share_of_base": Decimal(1), "daily_budget": None, "max_trigger_age_days": 14}
    changed["qualified_churn_risk"] += [
        {
            "kind": "better", "customer_id": person, "subject": "t1",
            "triggered_at": world["cut_at"] - HOUR, "expected_spend": Decimal(200),
        }
        for person in some(world, 0.5)
    ]  # fmt: skip
    after = models.run(changed).decisions()
    early = ("qualified", "eligible", "unsuppressed")
    assert {key for key, row in before.items() if row["stage"] in early} == {
        key for key, row in after.items() if row["stage"] in early and key[0] != "better"
    }
    ours, theirs = told(after), told(before)
    assert [key for key, row in before.items() if row["stage"] in early and ours[key] != theirs[key]] == []
    assert any(row["winner_audience"] == "better" for row in after.values())


def copy(world: dict) -> dict:
    return {name: [dict(row) for row in rows] if isinstance(rows, list) else rows for name, rows in world.items()}


# Borders, by hand


class Town:
    """Some people of whom nothing is known but how they may be reached; nobody is in a control group by chance."""

    def __init__(self, models: AudienceModels, as_of: date = TUESDAY):
        self.models = models
        self.world = empty(as_of)
        self.cut = self.world["cut_at"]
        for row in self.world["audiences"]:
            row["holdout_share"] = Decimal(0)
        for row in self.world["thresholds"]:
            if row["name"] in ("universal_control_share", "export_lag_hours"):
                row["value"] = Decimal(0)

    def add(self, table: str, **row) -> None:
        self.world.setdefault(table, []).append(row)

    def person(self, name: str, *place: str | None, email: dict | None = None, **channels: dict | None) -> None:
        """With the channels given, each with what differs from consent; email if there are none."""
        country, zone, source = place or ("GB", "Europe/London", "klaviyo")
        self.add("customers", customer_id=name, is_erased=False)
        contact = {"country_code": country, "time_zone": zone, "time_zone_source": source}
        self.add("customer_contacts", customer_id=name, **contact)
        channels = {"email": email, **channels} if email is not None or not channels else channels
        for channel, told in channels.items():
            known = {"may_send_marketing": True, "may_send_transactional": True, "has_address": True}
            known |= {"is_undeliverable": False, "has_complained": False, "is_stale": False}
            self.add("audience_channels", customer_id=name, channel=channel, **(known | (told or {})))

    def trigger(self, name: str, audience: str = "churn_risk", **row) -> None:
        (found,) = (each for each in self.world["audiences"] if each["audience"] == audience)
        usual = {"subject": "order 1", "triggered_at": self.cut - 5 * HOUR, "ends_at": None, "product_family": None}
        usual |= {"kind": found["kind"], "customer_id": name, "expected_spend": Decimal(50)}
        self.world.setdefault(f"qualified_{found['model']}", []).append(usual | row)

    def logged(self, name: str, change: str, changed_at: datetime, audience: str = "churn_risk", **row) -> None:
        number = 1 + sum(each["customer_id"] == name for each in self.world["state__audience_log"])
        usual = {"subject": "order 0", "channel": "email", "counts_as": "promotional", "send_not_before": changed_at}
        usual |= {"audience": audience, "customer_id": name, "change_number": number, "change": change, "reason": None}
        self.add("state__audience_log", **(usual | {"changed_at": changed_at, "expires_at": self.cut + DAY} | row))

    def decide(self) -> dict[str, dict]:
        """By person, or by audience and person if there are several audiences."""
        decisions = self.models.run(self.world).decisions()
        assert told(decisions) == told(decide(self.world))
        several = len({audience for audience, _ in decisions}) > 1
        return decisions if several else {person: row for (_, person), row in decisions.items()}

    def outcomes(self) -> dict:
        return {key: row["outcome_reason"] or row["outcome"] for key, row in self.decide().items()}


@pytest.fixture
def town(models) -> Town:
    return Town(models)


def test_a_window_of_24_hours_ends_24_hours_ago(town):
    for name, ago in (("on", DAY), ("within", DAY - MINUTE), ("planned", None)):
        town.person(name)
        town.trigger(name)
        if ago:
            sent = {"channel": "email", "message_class": "promotional", "messaged_at": town.cut - ago}
            town.add("messages", message_id=name, customer_id=name, **sent)
    town.logged("planned", "add", town.cut - 2 * DAY, "two_time", send_not_before=town.cut + HOUR)
    assert town.outcomes() == {"on": "exported", "within": "over_cap", "planned": "over_cap"}


def test_who_left_rests_and_so_does_who_was_just_written_to(town):
    for name, rests in (("rested", 90 * DAY), ("rests", 90 * DAY - SECOND)):
        for how in ("left", "member", "again"):
            town.person(f"{name} {how}")
            town.trigger(f"{name} {how}")
            town.logged(f"{name} {how}", "add", town.cut - (rests if how == "member" else 100 * DAY))
        town.logged(f"{name} left", "remove", town.cut - rests)
        town.logged(f"{name} again", "update", town.cut - rests, reason="new_trigger")
    assert town.outcomes() == {
        f"{name} {how}": outcome
        for name, outcome in (("rested", "exported"), ("rests", "cool_down"))
        for how in ("left", "member", "again")
    }


def test_a_merged_person_rests_from_what_either_of_the_ids_got(town):
    town.person("one")
    town.trigger("one")
    town.add("customer_id_redirects", old_customer_id="old", customer_id="one", reason="merge", changed_at=town.cut)
    for name, left in (("one", 100), ("old", 10)):
        town.logged(name, "add", town.cut - (120 if name == "one" else 20) * DAY)
        town.logged(name, "remove", town.cut - left * DAY)
    assert town.outcomes() == {"one": "cool_down"}


def test_who_goes_on_under_another_id_is_no_new_message(town):
    for name, reason in (("resumed", "resumed"), ("added", None)):
        town.person(name)
        town.trigger(name)
        town.logged(name, "add", town.cut - DAY, "two_time", reason=reason, send_not_before=town.cut + HOUR)
    assert town.outcomes() == {"resumed": "exported", "added": "over_cap"}


def test_who_was_removed_as_merged_and_parted_again_never_left(town):
    town.person("one")
    town.trigger("one", subject="order 0")
    town.trigger("one")  # newer, and yet another message
    town.world["qualified_churn_risk"][0]["triggered_at"] -= DAY
    town.logged("one", "add", town.cut - 5 * DAY)
    town.logged("one", "remove", town.cut - 4 * DAY, reason="merged")
    row = town.decide()["one"]
    assert (row["outcome"], row["subject"], row["is_member"]) == ("exported", "order 0", True)
    assert row["entered_at"] == town.cut - 5 * DAY
    # Not: merged still, and not in it under the id that took over
    town.person("two")
    town.add("customer_id_redirects", old_customer_id="one", customer_id="two", reason="merge", changed_at=town.cut)
    for trigger in town.world["qualified_churn_risk"]:
        trigger["customer_id"] = "two"
    assert town.outcomes() == {"two": "cool_down"}


def test_a_trigger_is_too_old_from_the_second_on_at_which_it_is(town):
    cases = {
        "too_old": {"triggered_at": town.cut - 14 * DAY},
        "young": {"triggered_at": town.cut - 14 * DAY + SECOND},
        "over": {"ends_at": town.cut},
        "not over": {"ends_at": town.cut + SECOND},
    }
    for name, row in cases.items():
        town.person(name)
        town.trigger(name, **row)
    assert town.outcomes() == {"too_old": "too_old", "young": "exported", "over": "over", "not over": "exported"}


def test_a_text_message_goes_until_just_before_eight_in_the_evening(models):
    """San Juan is four hours behind the whole year."""
    for early, sent in ((timedelta(), datetime(2025, 12, 31, 13)), (MINUTE, datetime(2025, 12, 30, 23, 59))):
        town = Town(models)
        town.world["cut_at"] -= early
        town.person("one", "PR", "America/Puerto_Rico", "klaviyo", sms={})
        town.trigger("one", triggered_at=town.cut - DAY)
        assert town.decide()["one"]["send_not_before"] == sent


@pytest.mark.parametrize(
    ("as_of", "german", "french"),
    [
        (date(2025, 12, 26), datetime(2025, 12, 27, 8), datetime(2025, 12, 27, 9)),  # Saturday follows
        (date(2025, 12, 27), datetime(2025, 12, 28, 8), datetime(2025, 12, 29, 9)),  # Sunday
        (date(2025, 12, 24), datetime(2025, 12, 25, 8), datetime(2025, 12, 26, 9)),  # Christmas
    ],
)
def test_no_text_messages_on_sundays_and_holidays_in_france(models, as_of, german, french):
    town = Town(models, as_of)
    town.person("german", "DE", "Europe/Berlin", "klaviyo", sms={})
    town.person("french", "FR", "Europe/Paris", "country_code", sms={})
    for name in ("german", "french"):
        town.trigger(name)
    assert {name: row["send_not_before"] for name, row in town.decide().items()} == {"german": german, "french": french}


def test_the_usual_hour_is_that_of_the_clock_on_the_day_on_which_it_changes(models):
    town = Town(models, date(2025, 3, 29))
    town.person("one", "DE", "Europe/Berlin", "klaviyo", sms={"preferred_hour": 11})
    town.trigger("one")
    assert town.decide()["one"]["send_not_before"] == datetime(2025, 3, 30, 9)


def test_where_nobody_knows_the_hour_no_text_message_goes(town):
    nowhere = (None, None, None)
    town.person("text", *nowhere, sms={})
    town.person("task", *nowhere)
    town.person("mail", *nowhere, email={})
    for name, audience in (("text", "churn_risk"), ("task", "service_recovery"), ("mail", "delayed_shipment_apology")):
        town.trigger(name, audience)
    decisions = town.decide()
    assert decisions["churn_risk", "text"]["outcome_reason"] == "quiet_hours"
    assert decisions["service_recovery", "task"]["send_not_before"] == town.cut
    # An apology waits for no hours, but for those of text messages
    assert decisions["delayed_shipment_apology", "mail"]["send_not_before"] == town.cut


def test_twins_of_one_address_each_have_their_own_consents(town):
    for name, may in (("yes", True), ("no", False)):
        town.person(name, email={"may_send_marketing": may})
        town.world["customers"][-1]["household_id"] = "one door"
        town.trigger(name)
    assert town.outcomes() == {"yes": "exported", "no": "no_consent"}


def test_of_merged_people_control_stays_control_and_the_next_audience_wins(town):
    town.person("mixed")
    town.person("treated")
    for name, arms in (("mixed", ("treatment", "control")), ("treated", ("treatment", "treatment"))):
        town.trigger(name, expected_spend=Decimal(1000))
        town.trigger(name, "one_and_done")
        town.add("customer_id_redirects", old_customer_id=f"old {name}", customer_id=name, reason="merge")
        for customer_id, arm in zip((name, f"old {name}"), arms, strict=True):
            town.add("state__audience_arms", campaign="churn_risk", customer_id=customer_id, arm=arm, bucket=5000)
    decisions = town.decide()
    assert {key: row["outcome_reason"] for key, row in decisions.items()} == {
        ("churn_risk", "mixed"): "campaign_control",
        ("one_and_done", "mixed"): None,
        ("churn_risk", "treated"): None,
        ("one_and_done", "treated"): "lost_arbitration",
    }
    assert decisions["one_and_done", "treated"]["winner_audience"] == "churn_risk"


def test_the_share_of_a_control_group_is_a_border_between_buckets(town):
    town.person("one")
    town.trigger("one")
    (audience,) = (row for row in town.world["audiences"] if row["audience"] == "churn_risk")
    bucket = bucket_of(town.world["salt"], "churn_risk", "one")
    for share, outcome in ((bucket, "exported"), (bucket + 1, "campaign_control")):
        audience["holdout_share"] = Decimal(share) / 10000
        assert town.outcomes() == {"one": outcome}


def test_who_leaves_one_of_two_channels_is_reached_by_the_other(town):
    town.person("one", email={"may_send_marketing": False}, sms={})
    town.person("none", email={"may_send_marketing": False}, sms={"may_send_marketing": False})
    for name in ("one", "none"):
        town.trigger(name)
    decisions = town.decide()
    assert (decisions["one"]["channel"], decisions["one"]["outcome"]) == ("sms", "exported")
    assert decisions["none"]["outcome_reason"] == "no_consent"


def test_a_stop_by_text_message_stops_apologies_in_that_channel_too(town):
    town.person("stopped", sms=STOP)
    town.person("stopped but", sms=STOP, email={})
    town.person("unknown", sms={"may_send_transactional": None})
    for name in ("stopped", "stopped but", "unknown"):
        town.trigger(name, "delayed_shipment_apology")
    decisions = town.decide()
    assert {name: row["outcome_reason"] for name, row in decisions.items()} == {
        **{"stopped": "no_consent", "stopped but": None, "unknown": "no_consent"}
    }
    assert decisions["stopped but"]["channel"] == "email"


def test_an_apology_goes_without_its_coupon_to_who_wants_no_marketing(town):
    """Where one of two channels may carry it, it goes there, even if the person answers the other one more."""
    town.person("wants", email={})
    town.person("wants not", email={"may_send_marketing": False})
    town.person("elsewhere", email={"may_send_marketing": False, "answer_rate": 0.9}, push={"answer_rate": 0.5})
    for name in ("wants", "wants not", "elsewhere"):
        town.trigger(name, "delayed_shipment_apology", triggered_at=town.cut - HOUR)
        town.trigger(name)
    decisions = town.decide()
    found = {person: row for (audience, person), row in decisions.items() if audience == "delayed_shipment_apology"}
    assert {name: (row["channel"], row["offer"], row["counts_as"]) for name, row in found.items()} == {
        "wants": ("email", "late_parcel_apology", "promotional"),
        "wants not": ("email", None, "transactional"),
        "elsewhere": ("push", "late_parcel_apology", "promotional"),
    }
    assert {row["outcome"] for row in found.values()} == {"exported"}
    # and the coupon is the promotional message of the day
    assert [decisions["churn_risk", name]["outcome"] for name in ("wants", "elsewhere")] == ["lost", "lost"]


def test_what_sells_competes_where_it_could_go_out(town):
    """The best of three is full by mail, the second could go by push; a notice that is full keeps its channel."""
    town.person("one", email={}, push={"answer_rate": 0.1})
    town.add("messages", message_id="m", customer_id="one", channel="email", message_class="promotional")
    town.world["messages"][-1]["messaged_at"] = town.cut - HOUR
    for row in town.world["message_caps"]:
        row["max_messages"] = 9 if row["channel"] == "*" else row["max_messages"]
    town.trigger("one", "holiday_first_timer", expected_spend=Decimal(900))
    town.trigger("one", "churn_risk", expected_spend=Decimal(500))
    decisions = town.decide()
    assert decisions["holiday_first_timer", "one"]["channel"] == "push"
    assert decisions["holiday_first_timer", "one"]["outcome"] == "exported"
    assert decisions["churn_risk", "one"]["winner_audience"] == "holiday_first_timer"
    for row in town.world["audience_channels"]:
        row |= {"may_send_marketing": row["channel"] == "email"}
    assert {row["outcome_reason"] for row in town.decide().values()} == {"over_cap"}
    town.trigger("one", "loyalty_balance")
    for row in town.world["message_caps"]:
        row["max_messages"] = 0 if row["counts_as"] == "service" else 9
    town.world["audience_channels"] = [row for row in town.world["audience_channels"] if row["channel"] == "email"]
    decisions = town.decide()
    assert decisions["loyalty_balance", "one"]["outcome_reason"] == "over_cap"
    assert decisions["churn_risk", "one"]["winner_audience"] == "loyalty_balance"


def lagging(town: Town, hours: int) -> None:
    for row in town.world["thresholds"]:
        if row["name"] == "export_lag_hours":
            row["value"] = Decimal(hours)


def test_who_reads_the_export_in_the_morning_writes_by_day(models):
    """At the cut it is seven in the evening in New York; the window of the day ends at eight."""
    new_york = ("US", "America/New_York", "klaviyo")
    for lag, sent, until in (
        (0, datetime(2025, 12, 31), datetime(2025, 12, 31, 1)),
        (1, datetime(2025, 12, 31, 14), datetime(2026, 1, 1, 1)),
        (15, datetime(2025, 12, 31, 15), datetime(2026, 1, 1, 1)),
    ):
        town = Town(models)
        lagging(town, lag)
        town.person("one", *new_york, sms={})
        town.trigger("one")
        row = town.decide()["one"]
        assert (lag, row["send_not_before"], row["expires_at"]) == (lag, sent, until)


def test_an_hour_that_has_passed_is_that_of_the_next_day(models):
    """Six in the evening in New York is an hour before the cut; the message may wait if it lasts so long."""
    for ends_in, sent in ((23 * HOUR + SECOND, datetime(2025, 12, 31, 23)), (23 * HOUR, datetime(2025, 12, 31))):
        town = Town(models)
        town.person("one", "US", "America/New_York", "klaviyo", email={"preferred_hour": 18})
        town.trigger("one", ends_at=town.cut + ends_in)
        assert town.decide()["one"]["send_not_before"] == sent


def test_a_trigger_that_had_its_message_gets_no_second_one_after_another(town):
    town.person("one")
    for subject, age in (("first", 3 * DAY), ("second", 2 * DAY)):
        town.trigger("one", "delayed_shipment_apology", subject=subject, triggered_at=town.cut - age)
        change = {"change": "add"} if subject == "first" else {"change": "update", "reason": "new_trigger"}
        town.logged(
            "one", changed_at=town.cut - age + HOUR, audience="delayed_shipment_apology", subject=subject, **change
        )
    assert town.outcomes() == {"one": "exported"}
    town.world["qualified_delayed_shipment_apology"].pop()
    assert town.outcomes() == {"one": "answered"}


def test_a_plan_that_a_second_build_of_the_day_moved_counts_where_it_went(town):
    town.person("one", sms={})
    town.trigger("one")
    for change, channel in (("add", "email"), ("update", "sms")):
        town.logged("one", change, town.cut - 2 * DAY, "two_time", channel=channel)
    assert town.outcomes() == {"one": "over_cap"}


def test_the_control_group_of_a_year_begins_on_its_first_day(models):
    for as_of, outcome in ((date(2025, 12, 30), "exported"), (date(2025, 12, 31), "universal_control")):
        town = Town(models, as_of)
        town.person("one")
        town.trigger("one")
        town.add("state__audience_arms", campaign="universal:2026", customer_id="one", arm="control", bucket=1)
        assert town.outcomes() == {"one": outcome}


@pytest.mark.parametrize(("share", "remembered"), [("0.5", 1), ("0.49", 0)])
def test_what_is_held_back_as_too_large_uses_up_no_arms(town, share, remembered):
    town.person("one")
    town.person("other")
    town.trigger("one")
    for row in town.world["audiences"]:
        row["max_share_of_base"] = Decimal(share)
    arms = town.models.run(town.world, *MODELS, *MEMORY).rows("from state.audience_arms where campaign = 'churn_risk'")
    assert len(arms) == remembered
