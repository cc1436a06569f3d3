"""Random worlds of audiences, made to meet on borders: few instants, few values, few products, many rules at once.

A world is what tests/python/audiences.py describes. The seeds are the project's own, with limits drawn anew.
"""

import csv
import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

SEEDS = Path(__file__).resolve().parents[2] / "seeds"
DAY, HOUR, MINUTE, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
# Clocks change in Europe on 30 March and 26 October 2025, in New York on 9 March; 25 December and 1 May are holidays
AS_OF = (date(2025, 12, 24), date(2025, 3, 29), date(2025, 10, 25), date(2025, 3, 7), date(2025, 5, 1))
FAMILIES, PRODUCTS = ("tea", "cups", "honey"), ("p1", "p2", "p3")
# Country, zone, and where the zone is from
PLACES = (
    *(("FR", "Europe/Paris", "country_code"),) * 3, ("FR", "Europe/Paris", "shopify"),
    ("FR", "Asia/Kolkata", "klaviyo"),
    ("DE", "Europe/Berlin", "klaviyo"), ("GB", "Europe/London", "country_code"), ("JP", "Asia/Tokyo", "country_code"),
    ("US", "America/New_York", "klaviyo"), ("US", "Pacific/Honolulu", "klaviyo"), ("US", None, None),
    ("NZ", "Pacific/Auckland", "klaviyo"), (None, "America/New_York", "klaviyo"), (None, None, None),
)  # fmt: skip
NUMBERS = {
    *("cool_down_days", "max_trigger_age_days", "class_rank", "precedence", "window_hours", "max_messages"),
    *("opens_hour", "closes_hour", "stale_after_hours", "valid_days"),
}
AMOUNTS = {"holdout_share", "max_share_of_base", "assumed_lift", "daily_budget", "cost", "value"}
TABLES = (
    "audiences", "audience_classes", "suppression_rules", "message_caps", "sending_hours", "public_holidays",
    "consent_policy", "offers", "thresholds", "country_time_zones",
)  # fmt: skip
NEEDED = ("loyalty_balances", "reviews", "shipments")


def seed(name: str) -> list[dict]:
    """The rows of a seed, typed."""

    def value(column: str, text: str):
        if text == "":
            return None
        if column in NUMBERS:
            return int(text)
        if column in AMOUNTS:
            return Decimal(text)
        if column in ("live_from", "holiday_on"):
            return date.fromisoformat(text)
        return {"true": True, "false": False}.get(text, text)

    with (SEEDS / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        # The rewards of offers are no matter here
        return [
            {
                column: value(column, text)
                for column, text in row.items()
                if not column.startswith(("reward_", "minimum_"))
            }
            for row in csv.DictReader(file)
        ]


def seeds() -> dict[str, list[dict]]:
    return {name: seed(name) for name in TABLES}


def empty(as_of: date, salt: str = "perennial") -> dict:
    """A world with the project's seeds, everything live since long and nobody in it; nothing is held back for size."""
    world = seeds() | {"as_of": as_of, "cut_at": datetime.combine(as_of, datetime.min.time()) + DAY, "salt": salt}
    for row in world["audiences"]:
        row |= {"is_live": True, "live_from": date(2024, 1, 1), "max_share_of_base": Decimal(1), "needs": None}
    for name in (
        "customers", "customer_contacts", "audience_channels", "audience_holds", "orders", "order_lines",
        "subscriptions", "returns", "return_lines", "messages", "customer_id_redirects", "campaign_lift",
        "state__audience_log", "state__audience_arms",
    ):  # fmt: skip
        world[name] = []
    return world


class Maker:
    def __init__(self, number: int, people: int):
        self.chance = random.Random(number)
        self.world = empty(AS_OF[number % len(AS_OF)], salt=f"salt {number}")
        self.cut = self.world["cut_at"]
        self.as_of = self.world["as_of"]
        self.people = [f"C{index:05}" for index in range(people)]
        self.old_ids = {f"A{index:05}": self.pick(self.people) for index in range(people // 20)}
        self.armed = set()
        self.ids = defaultdict(list)
        for old, person in self.old_ids.items():
            self.ids[person].append(old)

    def pick(self, options):
        return self.chance.choice(options)

    def maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def near(self, instant: datetime) -> datetime:
        return instant + self.pick((timedelta(), timedelta(), SECOND, -SECOND, MINUTE, -MINUTE, HOUR, -HOUR))

    def make(self) -> dict:
        self.settings()
        for person in self.people:
            self.person(person)
        self.world["customer_id_redirects"] = [
            {"old_customer_id": old, "customer_id": person, "reason": "merge", "changed_at": self.cut}
            for old, person in self.old_ids.items()
        ]
        for audience in self.world["audiences"]:
            self.qualified(audience)
        return self.world

    def settings(self) -> None:
        world = self.world
        for row in world["audiences"]:
            marketing = row["purpose_class"] in ("lifecycle", "promotion")
            row["is_live"] = self.maybe(0.75)
            row["live_from"] = self.as_of - self.pick((0, 1, 3, 400)) * DAY if row["is_live"] else None
            row["cool_down_days"] = max(self.pick((0, 1, 3, 20, row["cool_down_days"])), int(marketing))
            row["max_trigger_age_days"] = self.pick((1, 5, 14))
            row["max_share_of_base"] = self.pick((Decimal("0.05"), Decimal("0.5"), Decimal(1), Decimal(1)))
            row["daily_budget"] = self.pick((None, None, Decimal(100), Decimal(1000), Decimal(0)))
            row["needs"] = self.pick((None, None, None, "loyalty", "reviews shipments"))
            if marketing:
                row["holdout_share"] = self.pick((Decimal(0), Decimal("0.1"), Decimal("0.3")))
            elif self.maybe(0.5) and row["offer"]:
                row["offer"] = self.pick((None, "fifty_points"))
            if self.maybe(0.3):
                world["campaign_lift"].append(
                    {
                        "campaign": row["audience"],
                        "conversion_lift": self.pick((0.0125, 0.05, -0.01, 0.2)),
                        "is_conclusive": self.maybe(0.6),
                    }
                )
        for row in world["offers"]:
            scope = self.pick(("storewide", "storewide", "family", "product"))
            value = {"storewide": None, "family": self.pick(FAMILIES), "product": self.pick(PRODUCTS)}[scope]
            row |= {"scope": scope, "scope_value": value}
        for row in world["message_caps"]:
            row["max_messages"] = self.pick((0, 1, 1, 2, 3)) if self.maybe(0.4) else row["max_messages"]
        world["message_caps"] += [
            {"channel": "*", "counts_as": "*", "window_hours": 48, "max_messages": self.pick((2, 3, 4))},
            {"channel": "email", "counts_as": "*", "window_hours": 24, "max_messages": self.pick((1, 2))},
            {"channel": "*", "counts_as": "transactional", "window_hours": 24, "max_messages": 1},
        ]
        for name in NEEDED:
            if self.maybe(0.7):
                world[name] = [{"customer_id": "C00000"}]
        for row in world["thresholds"]:
            if row["name"] == "universal_control_share":
                row["value"] = Decimal("0.05")

    def person(self, person: str) -> None:
        world, pick, maybe = self.world, self.pick, self.maybe
        world["customers"].append({"customer_id": person, "is_erased": maybe(0.02)})
        place = dict(zip(("country_code", "time_zone", "time_zone_source"), pick(PLACES), strict=True))
        world["customer_contacts"].append({"customer_id": person} | place)
        for channel in ("email", "sms", "push"):
            if maybe(0.85):
                world["audience_channels"].append(
                    {
                        "customer_id": person,
                        "channel": channel,
                        "may_send_marketing": maybe(0.75),
                        "may_send_transactional": maybe(0.9),
                        "has_address": maybe(0.95),
                        "is_undeliverable": maybe(0.05),
                        "has_complained": maybe(0.05),
                        "is_stale": maybe(0.03),
                        "answer_rate": pick((0.1, 0.25, 0.5, None)),
                        "preferred_hour": pick((None, *range(24))),
                    }
                )
        for _ in range(pick((0, 0, 0, 0, 1, 2))):
            hold = {"hold_id": f"h{len(world['audience_holds'])}", "customer_id": person, "is_open": maybe(0.4)}
            world["audience_holds"].append(hold)
        self.products(person)
        for _ in range(pick((0, 0, 0, 1, 1, 2, 3, 4))):
            world["messages"].append(
                {
                    "message_id": f"m{len(world['messages'])}",
                    "customer_id": person,
                    "channel": pick(("email", "email", "sms", "push")),
                    "message_class": pick(("promotional", "promotional", "service", "transactional")),
                    "messaged_at": self.earlier(self.near(self.cut - pick((0, 1, 2, 3, 7)) * DAY)),
                }
            )

    def earlier(self, instant: datetime) -> datetime:
        return min(instant, self.cut - SECOND)

    def products(self, person: str) -> None:
        world, pick, maybe = self.world, self.pick, self.maybe
        if maybe(0.2):
            key = f"o{person}"
            ordered_on = self.as_of - pick((1, 13, 14, 15)) * DAY
            world["orders"].append(
                {"order_id": key, "customer_id": person, "ordered_on": ordered_on, "is_valid": maybe(0.8)}
            )
            for number in range(pick((1, 2))):
                line = {"order_line_id": f"{key}-{number}", "order_id": key}
                world["order_lines"].append(line | self.product())
        if maybe(0.15):
            key = f"r{person}"
            requested_on = self.as_of - pick((1, 89, 90, 91)) * DAY
            world["returns"].append({"return_id": key, "customer_id": person, "requested_on": requested_on})
            world["return_lines"].append({"return_line_id": key, "return_id": key} | self.product())
        if maybe(0.15):
            row = {"subscription_id": f"s{person}", "customer_id": person, "is_active": maybe(0.7)}
            world["subscriptions"].append(row | self.product())

    def product(self) -> dict:
        return {"product_family": self.pick((*FAMILIES, None)), "product_id": self.pick((*PRODUCTS, None))}

    def qualified(self, audience: dict) -> None:
        rows = self.world.setdefault(f"qualified_{audience['model']}", [])
        share = self.pick((0.04, 0.1, 0.2, 0.3))
        for person in self.people:
            if not self.maybe(share):
                continue
            subjects = self.chance.sample(("t1", "t2", "t3"), self.pick((1, 1, 2, 3)))
            for subject in subjects:
                age = self.pick((1, 1, 2, 3, audience["max_trigger_age_days"]))
                start = self.pick(
                    (self.cut - age * DAY, self.cut - age * DAY, self.cut - 3 * HOUR, self.live_from(audience))
                )
                rows.append(
                    {
                        "kind": audience["kind"] if self.maybe(0.97) else "another",
                        "customer_id": person,
                        "subject": subject,
                        "triggered_at": self.earlier(self.near(start)),
                        "ends_at": self.near(self.cut + self.pick((0, 9, 24, 100)) * HOUR) if self.maybe(0.3) else None,
                        "reason": "For a reason",
                        "reason_detail": "{}",
                        "product_family": self.pick((None, *FAMILIES)),
                        "expected_spend": self.pick((Decimal(0), Decimal(40), Decimal(75), Decimal("99.99"))),
                    }
                )
            if self.maybe(0.4):
                self.history(audience, person)
            if self.maybe(0.1):
                self.arm(audience["audience"], person)
            if self.maybe(0.01):
                self.arm(f"universal:{(self.as_of + DAY).year}", person)

    def live_from(self, audience: dict) -> datetime:
        if not audience["live_from"]:
            return self.cut - DAY
        return max(datetime.combine(audience["live_from"], datetime.min.time()), self.cut - 20 * DAY)

    def history(self, audience: dict, person: str) -> None:
        """What earlier builds exported, one of them being this very day's."""
        for customer_id in [person, *self.ids[person]]:
            if not self.maybe(0.7):
                continue
            ages = {
                0 if self.maybe(0.1) else 1,
                *(self.pick((1, 2, 3, 7, 20, audience["cool_down_days"])) for _ in "ab"),
            }
            ages = sorted(self.chance.sample(sorted(ages), self.pick((1, min(2, len(ages)), len(ages)))), reverse=True)
            is_in, row = False, {}
            for number, age in enumerate(ages, 1):
                changed_at = self.cut - age * DAY
                change = self.pick(("update", "remove")) if is_in else "add"
                reason = {"add": None, "remove": "no_longer_qualifies"}.get(change, self.pick((None, "new_trigger")))
                if change == "add" or reason == "new_trigger":
                    row = {
                        "subject": self.pick(("t1", "t2", "t3")),
                        "channel": self.pick(audience["channels"].split()),
                        "counts_as": self.pick(("promotional", "promotional", "service", "transactional")),
                        "offer": audience["offer"],
                        "send_not_before": self.near(changed_at + self.pick((0, 9, 23, 48)) * HOUR),
                        "expires_at": changed_at + 30 * DAY,
                    }
                is_in = change != "remove"
                self.world["state__audience_log"].append(
                    {
                        "audience": audience["audience"],
                        "customer_id": customer_id,
                        "change_number": number,
                        "change": change,
                        "reason": reason,
                        "changed_at": changed_at,
                        "payload_hash": f"hash {number}",
                        **row,
                    }
                )

    def arm(self, campaign: str, person: str) -> None:
        for customer_id in [person, *self.ids[person]]:
            if (campaign, customer_id) in self.armed:
                continue
            self.armed.add((campaign, customer_id))
            self.world["state__audience_arms"].append(
                {
                    "campaign": campaign,
                    "customer_id": customer_id,
                    "arm": self.pick(("control", "treatment", "treatment")),
                    "bucket": self.chance.randrange(10000),
                    "control_share": Decimal("0.1"),
                    "assigned_at": self.cut - self.pick((0, 1, 30)) * DAY,
                }
            )


def world(number: int, people: int) -> dict:
    return Maker(number, people).make()
