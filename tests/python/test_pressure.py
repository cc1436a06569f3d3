"""The pressure simulation against the same replay in plain Python, on random shops with messages on every border."""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from compiled import CompiledModels

CUT = datetime(2025, 7, 1)
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
TYPES = {
    "marts.messages": {
        "message_id": "varchar", "customer_id": "varchar", "channel": "varchar", "message_class": "varchar",
        "messaged_at": "timestamp", "messaged_on": "date", "clicked_at": "timestamp", "unsubscribed_at": "timestamp",
        "complained_at": "timestamp",
    },
    "marts.orders": {
        "order_id": "varchar", "customer_id": "varchar", "ordered_at": "timestamp", "is_valid": "boolean",
        "net_revenue_reporting": "decimal(18, 2)",
    },
    "audiences.audience_holds": {
        "customer_id": "varchar", "kind": "varchar", "opened_on": "date", "holds_until": "date",
    },
    "settings.message_caps": {
        "channel": "varchar", "counts_as": "varchar", "window_hours": "int", "max_messages": "int",
    },
    "settings.thresholds": {"name": "varchar", "value": "int"},
    "staging.point_in_time": {"cut_at": "timestamp"},
}  # fmt: skip
THRESHOLDS = {"pressure_days": 90, "click_days": 7, "reaction_days": 7}


@dataclass
class Shop:
    caps: list[dict]
    messages: list[dict]
    holds: list[dict] = field(default_factory=list)
    orders: list[dict] = field(default_factory=list)


def cap(channel: str, window_hours: int, max_messages: int, counts_as: str = "promotional") -> dict:
    return {
        "channel": channel, "counts_as": counts_as, "window_hours": window_hours, "max_messages": max_messages,
    }  # fmt: skip


def message(message_id: str, at: datetime, channel: str = "email", kind: str = "promotional", **more) -> dict:
    row = {"message_id": message_id, "customer_id": "a", "channel": channel, "message_class": kind}
    return row | {"messaged_at": at, "messaged_on": at.date()} | more


def run(compiled, shop: Shop) -> CompiledModels:
    models = CompiledModels(compiled)
    rows = {
        "messages": shop.messages, "orders": shop.orders, "audience_holds": shop.holds, "message_caps": shop.caps,
        "thresholds": [{"name": name, "value": value} for name, value in THRESHOLDS.items()],
        "point_in_time": [{"cut_at": CUT}],
    }  # fmt: skip
    for name, types in TYPES.items():
        models.table(name, types, rows[name.split(".")[1]])
    return models


def judged(compiled, shop: Shop) -> dict[str, str]:
    """What becomes of each message: the model's SQL up to where it counts them."""
    models = run(compiled, shop)
    (path,) = (path for path in models.folder.rglob("pressure_simulation.sql") if path.parent.suffix != ".yml")
    steps, _ = path.read_text().rsplit("\n)\n\nselect\n", 1)
    return {row["message_id"]: row["reason"] for row in models.rows(steps + ") select message_id, reason from judged")}


def replay(shop: Shop) -> dict[str, str]:
    """One message after the other, as somebody with the list of rules would do it."""
    longest = max((rule["window_hours"] for rule in shop.caps), default=0) * HOUR
    start = CUT - 90 * DAY
    sent, found = defaultdict(list), {}
    for each in sorted(shop.messages, key=lambda each: (each["messaged_at"], each["message_id"])):
        if not start - longest <= each["messaged_at"] < CUT:
            continue
        reason = "kept"
        if each["message_class"] == "promotional":
            holds = (hold for hold in shop.holds if hold["customer_id"] == each["customer_id"])
            # The build of the day before decides, with what was known by then.
            decided_on = each["messaged_on"] - DAY
            if any(hold["opened_on"] <= decided_on < hold["holds_until"] for hold in holds):
                reason = "experience_hold"
            else:
                for rule in shop.caps:
                    of_rule = [
                        other
                        for other in [*sent[each["customer_id"]], each]
                        if rule["channel"] in ("*", other["channel"])
                        and rule["counts_as"] in ("*", other["message_class"])
                        and each["messaged_at"] - other["messaged_at"] < rule["window_hours"] * HOUR
                    ]
                    if each in of_rule and len(of_rule) > rule["max_messages"]:
                        reason = "over_cap"
            if each["messaged_at"] >= start:
                found[each["message_id"]] = reason
        if reason == "kept":
            sent[each["customer_id"]].append(each)
    return found


def random_shop(seed: int) -> Shop:
    chance = random.Random(seed)
    channels = ("email", "sms", "push")
    caps = {
        (channel, counts_as, hours): cap(channel, hours, chance.choice((0, 1, 1, 2, 3, 4)), counts_as)
        for channel in (*channels, "*")
        for counts_as in ("promotional", "service", "*")
        for hours in (24, 48, 168)
        if chance.random() < 0.25
    }
    messages, holds = [], []
    for person in range(60):
        # Times of a coarse grid, so that many are exactly a window apart, some of them a second off.
        pace = chance.choice((6, 24, 60))
        at = CUT - 100 * DAY
        for number in range(chance.randrange(40)):
            at += chance.choice((0, 1, 2, 4)) * pace * HOUR
            shown_at = at + chance.choice((-1, 0, 0, 0, 1)) * SECOND
            name = f"{chance.randrange(10**6)}-{person}-{number}"
            kind = chance.choice(("promotional", "promotional", "promotional", "service", "transactional"))
            messages.append(message(name, shown_at, chance.choice(channels), kind, customer_id=f"p{person}"))
        for _ in range(chance.choice((0, 0, 1, 2))):
            opened_on = (CUT - chance.randrange(100) * DAY).date()
            until = opened_on + chance.randrange(20) * DAY
            holds.append(
                {"customer_id": f"p{person}", "kind": "exception", "opened_on": opened_on, "holds_until": until}
            )
    return Shop(list(caps.values()), messages, holds)


@pytest.mark.parametrize("seed", range(20))
def test_the_replay_is_that_of_plain_python(sample, seed):
    shop = random_shop(seed)
    assert judged(sample, shop) == replay(shop)


def test_the_random_shops_reach_every_end():
    reasons = [Counter(replay(random_shop(seed)).values()) for seed in range(20)]
    assert all(sum(counts[reason] for counts in reasons) > 400 for reason in ("kept", "over_cap", "experience_hold"))


AT, NOW = CUT - 30 * DAY, timedelta()


@pytest.mark.parametrize(
    "gaps, caps, kept",
    [
        ((NOW, 24 * HOUR - SECOND), [cap("email", 24, 1)], "a"),
        ((NOW, 24 * HOUR), [cap("email", 24, 1)], "ab"),
        # What was refused counts against nobody: the third is 30 hours after the last one sent.
        ((NOW, 20 * HOUR, 30 * HOUR), [cap("email", 24, 1)], "ac"),
        ((NOW, DAY, 2 * DAY, 3 * DAY, 7 * DAY), [cap("email", 24, 1), cap("email", 168, 3)], "abce"),
        ((NOW, 1 * HOUR), [cap("sms", 24, 1)], "ab"),
        ((NOW, 1 * HOUR), [cap("*", 24, 1)], "a"),
        ((NOW, 1 * HOUR), [cap("*", 24, 1, "service")], "ab"),
        ((NOW, 1 * HOUR), [], "ab"),
        ((NOW,), [cap("email", 24, 0)], ""),
    ],
)
def test_caps_roll(sample, gaps, caps, kept):
    messages = [message(name, AT + gap) for name, gap in zip("abcde", gaps, strict=False)]
    found = judged(sample, Shop(caps, messages))
    assert "".join(sorted(name for name, reason in found.items() if reason == "kept")) == kept


@pytest.mark.parametrize(
    "opened, until, reason",
    [(0, 5, "kept"), (-1, 5, "experience_hold"), (-5, 0, "experience_hold"), (-5, -1, "kept"), (-1, -1, "kept")],
)
def test_holds_are_those_that_were_known_the_day_before(sample, opened, until, reason):
    day = AT.date()
    hold = {"customer_id": "a", "opened_on": day + opened * DAY, "holds_until": day + until * DAY}
    # A message held back takes no room from the next.
    shop = Shop([cap("email", 168, 1)], [message("a", AT), message("b", AT + 6 * DAY)], [hold])
    found = judged(sample, shop)
    assert found == {"a": reason, "b": "kept" if reason == "experience_hold" else "over_cap"}


def test_cost_and_gain(sample):
    """An order belongs to the last click before it, and who leaves later than a week did not leave because of it."""
    week = 7 * DAY
    messages = [
        message("a", AT, clicked_at=AT + HOUR, unsubscribed_at=AT + week, complained_at=AT + week + SECOND),
        message("b", AT + HOUR, clicked_at=AT + 2 * HOUR, unsubscribed_at=AT + HOUR + week + SECOND),
        message("c", AT + HOUR, "sms", clicked_at=AT + 2 * DAY),
        message("d", AT + HOUR, "email", "transactional", clicked_at=AT + 3 * DAY),
        message("e", AT + HOUR, customer_id=None, clicked_at=AT + HOUR),
    ]
    orders = [
        {"order_id": str(number), "customer_id": "a", "ordered_at": at, "is_valid": valid, "net_revenue_reporting": 10}
        for number, (at, valid) in enumerate([
            (AT + HOUR - SECOND, True),
            (AT + HOUR, True),
            (AT + 2 * HOUR, True),
            (AT + 3 * HOUR, False),
            (AT + 2 * DAY + week - SECOND, True),
            (AT + 2 * DAY + week, True),
        ])
    ]  # fmt: skip
    models = run(sample, Shop([cap("email", 24, 1)], messages, orders=orders)).run("pressure_simulation")
    found = models.rows("select * exclude (people_count) from audiences.pressure_simulation order by channel, reason")
    columns = list(found[0])
    assert [tuple(row[column] for column in columns) for row in found] == [
        ("email", "kept", 1, 1, 1, 10, 1, 0),
        ("email", "over_cap", 1, 1, 1, 10, 0, 0),
        ("sms", "kept", 1, 1, 1, 10, 0, 0),
    ]
