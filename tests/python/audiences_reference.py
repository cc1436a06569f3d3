"""Which message each person is to be sent today, worked out person by person in plain Python.

It knows the rules as they are told and none of the SQL of models/audiences. A world is a dict of lists of rows, named
and shaped as the tables that the models read, with as_of, cut_at and salt. Instants are naive datetimes in UTC.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, cached_property
from zoneinfo import ZoneInfo

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
HELPDESK, MARKETING, PROMOTIONAL = "helpdesk", "marketing", "promotional"
# What seeds/audiences.csv means by what an audience needs
SOURCES = {
    "loyalty": "loyalty_balances",
    "visits": "web_sessions",
    **{name: name for name in ("messages", "referrals", "returns", "reviews", "shipments", "subscriptions", "tickets")},
}


def words(text: str | None) -> list[str]:
    return (text or "").split()


def hashed(*parts: str) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()


def bucket_of(salt: str, campaign: str, customer_id: str) -> int:
    return int(hashed(salt, campaign, customer_id)[:12], 16) % 10000


@dataclass
class Decision:
    """What became of one person in one audience."""

    audience: str
    customer_id: str
    trigger: dict
    expires_at: datetime
    expected_value: Decimal
    member: dict | None  # the row of the log by which the person is in it already
    stage: str = "qualified"
    outcome: str = "not_eligible"
    outcome_reason: str | None = None
    winner_audience: str | None = None
    channel: str | None = None
    offer: str | None = None
    counts_as: str | None = None
    send_not_before: datetime | None = None
    send_until: datetime | None = None
    closed: dict[str, str] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)

    def stop(self, stage: str, outcome: str, reason: str) -> None:
        self.stage, self.outcome, self.outcome_reason = stage, outcome, reason


@dataclass(frozen=True)
class Standing:
    """How a person stands in an audience before this build."""

    member: dict | None  # the newest row, if it is no removal
    rests_from: datetime | None  # the newest message to who is in it; the last exit of who is not
    answered: frozenset[str] = frozenset()  # subjects of triggers that were answered by a message


class Audiences:
    def __init__(self, world: dict):
        self.world = world
        self.as_of: date = world["as_of"]
        self.cut: datetime = world["cut_at"]
        self.thresholds = {row["name"]: Decimal(str(row["value"])) for row in world["thresholds"]}
        self.read = self.cut + int(self.thresholds["export_lag_hours"]) * HOUR
        self.classes = {row["purpose_class"]: row for row in world["audience_classes"]}
        self.offers = {row["offer"]: row for row in world["offers"]}
        self.rules = {row["reason"]: row for row in world["suppression_rules"]}
        self.policy = {(row["channel"], row["purpose"]): row for row in world["consent_policy"]}
        self.channels = {(row["customer_id"], row["channel"]): row for row in world["audience_channels"]}
        self.contacts = {row["customer_id"]: row for row in world["customer_contacts"]}
        self.erased = {row["customer_id"] for row in world["customers"] if row["is_erased"]}
        self.audiences = {
            row["audience"]: row
            for row in world["audiences"]
            if all(world.get(SOURCES[need]) for need in words(row["needs"]))
        }
        self.survivors = {row["old_customer_id"]: row["customer_id"] for row in world["customer_id_redirects"]}
        self.log = [row for row in world["state__audience_log"] if row["changed_at"] < self.cut]
        self.decisions: list[Decision] = []

    def now(self, customer_id: str) -> str:
        return self.survivors.get(customer_id, customer_id)

    def class_of(self, decision: Decision) -> dict:
        return self.classes[self.audiences[decision.audience]["purpose_class"]]

    def passes(self, decision: Decision, group: str) -> bool:
        return group in words(self.class_of(decision)["passes"])

    def goes_out(self, decision: Decision) -> bool:
        """Not: it is not live, or far too many would get it. Such an audience takes nothing from others."""
        return self.audiences[decision.audience]["is_live"] and decision.audience not in self.too_many

    def is_late(self, decision: Decision, channel: str) -> bool:
        planned, until = self.times(decision, channel)
        return planned is None or planned >= until

    def is_stale(self, decision: Decision, channel: str) -> bool:
        return bool(self.channels.get((decision.customer_id, channel), {}).get("is_stale"))

    def is_marketing(self, decision: Decision) -> bool:
        return self.class_of(decision)["consent_purpose"] == MARKETING

    def offer_cost(self, audience: dict) -> Decimal:
        offer = self.offers.get(audience["offer"])
        return Decimal(str(offer["cost"])) if offer else Decimal(0)

    def play(self) -> list[Decision]:
        self.qualify()
        for decision in self.decisions:
            if decision.stage == "eligible":
                self.route(decision)
        self.screen()
        self.assign()
        self.count_messages()
        self.arbitrate()
        self.plan()
        self.hold_back()
        for decision in self.decisions:
            decision.expires_at = decision.send_until or decision.expires_at
        return self.decisions

    # 1 Who qualifies, and is it not too late, too early or too dear?

    def standings(self) -> dict[tuple[str, str], Standing]:
        rows = defaultdict(lambda: defaultdict(list))
        for row in self.log:
            rows[row["audience"], self.now(row["customer_id"])][row["customer_id"]].append(row)
        found = {}
        for key, of_ids in rows.items():
            histories = [sorted(history, key=lambda row: row["change_number"]) for history in of_ids.values()]
            newest = [history[-1] for history in histories]
            # Of several ids that are in it, the first to come
            inside = min(
                (history for history in histories if history[-1]["change"] != "remove" or self.has_parted(history[-1])),
                key=lambda history: (
                    history[-1]["change"] == "remove", added_at(history), history[-1]["customer_id"],
                ),
                default=None,
            )  # fmt: skip
            messages = [row["changed_at"] for history in histories for row in history if is_message(row)]
            was_told = inside and inside[-1]["change"] != "remove"
            found[key] = Standing(
                member=inside and inside[-1],
                rests_from=max(messages if was_told else [row["changed_at"] for row in newest], default=None),
                answered=frozenset(row["subject"] for history in histories for row in history if is_message(row)),
            )
        return found

    def has_parted(self, row: dict) -> bool:
        """Of a removal: it came of a merge that was taken back since, so that the person never left."""
        return row["reason"] == "merged" and row["customer_id"] not in self.survivors

    def qualify(self) -> None:
        standings = self.standings()
        people = sum(not row["is_erased"] for row in self.world["customers"])
        measured = {
            row["campaign"]: Decimal(str(row["conversion_lift"]))
            for row in self.world["campaign_lift"]
            if row["is_conclusive"]
        }
        self.too_many = set()
        for name, audience in self.audiences.items():
            triggers = defaultdict(list)
            for row in self.world.get(f"qualified_{audience['model']}", ()):
                if row["kind"] == audience["kind"] and row["triggered_at"] < self.cut:
                    triggers[row["customer_id"]].append(row)
            cost = self.offer_cost(audience)
            lift = measured.get(name, Decimal(str(audience["assumed_lift"])))
            eligible = []
            for customer_id, rows in triggers.items():
                standing = standings.get((name, customer_id), Standing(None, None))
                decision, others = self.choose(audience, customer_id, rows, standing)
                decision.expected_value, *values = (
                    (lift * Decimal(str(trigger["expected_spend"])) - cost).quantize(Decimal("0.01"), ROUND_HALF_UP)
                    for trigger in (decision.trigger, *others)
                )
                self.decisions.append(decision)
                if decision.stage == "eligible":
                    eligible.append((-max(values), customer_id, decision))
            budget, spent = audience["daily_budget"], Decimal(0)
            for _, _, decision in sorted(eligible, key=lambda each: each[:2]):
                spent += cost
                if budget is not None and spent > Decimal(str(budget)) and not decision.member:
                    decision.stop("qualified", "not_eligible", "over_budget")
            if len(eligible) > Decimal(str(audience["max_share_of_base"])) * people:
                self.too_many.add(name)

    def choose(
        self, audience: dict, customer_id: str, triggers: list[dict], standing: Standing
    ) -> tuple[Decision, list[dict]]:
        """
        The person's trigger: one that counts before one that does not, then the one at hand, then one of a product that
        is not out of place, then the newest. And all that count: the budget is for the best of them, so that what stops
        one lets nobody else in.
        """
        cool_down = audience["cool_down_days"] * DAY
        member = standing.member
        heeds = "relevance" not in words(self.classes[audience["purpose_class"]]["passes"])
        known = set().union(*(of_people[customer_id] for of_people in self.out_of_place.values()))

        def expires_at(trigger: dict) -> datetime:
            oldest = trigger["triggered_at"] + audience["max_trigger_age_days"] * DAY
            return min(oldest, trigger["ends_at"] or oldest)

        def ineligible(trigger: dict) -> str | None:
            live_from = audience["live_from"]
            is_member = member and member["subject"] == trigger["subject"]
            since = standing.rests_from
            if trigger["ends_at"] and trigger["ends_at"] <= self.cut:
                return "over"
            if expires_at(trigger) <= self.cut:
                return "too_old"
            if audience["is_live"] and trigger["triggered_at"] < datetime.combine(live_from, time()):
                return "before_live_from"
            if not cool_down and not is_member and trigger["subject"] in standing.answered:
                return "answered"
            if not is_member and since and self.cut - since < cool_down:
                return "cool_down"
            return None

        def order(trigger: dict) -> tuple:
            stays = bool(cool_down) and bool(member) and member["subject"] == trigger["subject"]
            is_out_of_place = heeds and ("family", trigger["product_family"]) in known
            lasts, age = expires_at(trigger) - self.cut, self.cut - trigger["triggered_at"]
            return (ineligible(trigger) is not None, not stays, is_out_of_place, -lasts, age, trigger["subject"])

        trigger = min(triggers, key=order)
        is_member = bool(member) and member["subject"] == trigger["subject"]
        decision = Decision(
            audience["audience"], customer_id, trigger, expires_at(trigger), Decimal(0), member if is_member else None
        )
        reason = ineligible(trigger)
        if reason:
            decision.outcome_reason = reason
        else:
            decision.stage = "eligible"
        return decision, [trigger for trigger in triggers if not ineligible(trigger)]

    # 2 By which channels may they be reached?

    def may_send(self, customer_id: str, channel: str | None, purpose: str) -> bool:
        known = self.channels.get((customer_id, channel), {}).get(f"may_send_{purpose}")
        if known is None:
            policy = self.policy.get((channel, purpose))
            return bool(policy and policy["unknown_is_consent"])
        return known

    def route(self, decision: Decision) -> None:
        purpose = self.class_of(decision)["consent_purpose"]
        for channel in words(self.audiences[decision.audience]["channels"]):
            if (channel, purpose) not in self.policy:
                continue
            if decision.member and decision.member["channel"] != channel:
                continue
            known = self.channels.get((decision.customer_id, channel), {})
            if not self.may_send(decision.customer_id, channel, purpose):
                decision.closed[channel] = "no_consent"
            elif channel != HELPDESK and (not known.get("has_address") or known.get("is_undeliverable")):
                decision.closed[channel] = "undeliverable"
            elif known.get("has_complained"):
                decision.closed[channel] = "complained"
            else:
                decision.open.append(channel)

    def preference(self, decision: Decision, channel: str) -> tuple:
        """A sort key: the channel that the person answers most."""
        known = self.channels.get((decision.customer_id, channel), {})
        return (-(known.get("answer_rate") or 0), channel)

    # 3 Does anything speak against it?

    @cached_property
    def out_of_place(self) -> dict[str, dict[str, set]]:
        """Of which products and families a message would be, by reason and person."""
        world = self.world
        bought, returned, subscribed = defaultdict(set), defaultdict(set), defaultdict(set)
        just, back = int(self.thresholds["just_bought_days"]), int(self.thresholds["returned_days"])
        orders = {row["order_id"]: row for row in world["orders"] if row["is_valid"]}
        for line in world["order_lines"]:
            order = orders.get(line["order_id"])
            if order and order["ordered_on"] + just * DAY > self.as_of:
                bought[order["customer_id"]] |= products_of(line)
        returns = {row["return_id"]: row for row in world["returns"]}
        for line in world["return_lines"]:
            given = returns.get(line["return_id"])
            if given and given["requested_on"] + back * DAY > self.as_of:
                returned[given["customer_id"]] |= products_of(line)
        for row in world["subscriptions"]:
            if row["is_active"]:
                subscribed[row["customer_id"]] |= products_of(row)
        return {"already_subscribed": subscribed, "just_bought": bought, "returned_it": returned}

    def screen(self) -> None:
        held = {row["customer_id"] for row in self.world["audience_holds"] if row["is_open"]}
        for decision in self.decisions:
            if decision.stage != "eligible":
                continue
            person = decision.customer_id
            told = {("family", decision.trigger["product_family"])}
            offer = self.offers.get(self.audiences[decision.audience]["offer"])
            if offer and offer["scope"] in ("family", "product"):
                told.add((offer["scope"], offer["scope_value"]))
            reasons = {
                "erased": person in self.erased,
                "experience_hold": person in held,
            } | {reason: told & of_people[person] for reason, of_people in self.out_of_place.items()}
            found = [
                reason
                for reason, holds in reasons.items()
                if holds and not self.passes(decision, self.rules[reason]["rule_group"])
            ]
            if not decision.open:
                found += decision.closed.values()
            if found or not decision.open:
                first = min(found, key=lambda reason: self.rules[reason]["precedence"], default=None)
                decision.stop("eligible", "suppressed", first)
            else:
                decision.stage = "unsuppressed"

    # 4 Who gets nothing so that it can be measured?

    def assign(self) -> None:
        arms = defaultdict(set)
        for row in self.world["state__audience_arms"]:
            arms[row["campaign"], self.now(row["customer_id"])].add(row["arm"])

        def is_control(campaign: str, person: str, share) -> bool:
            known = arms.get((campaign, person))
            if known:
                return "control" in known
            return bucket_of(self.world["salt"], campaign, person) < Decimal(str(share or 0)) * 10000

        universal = f"universal:{(self.as_of + DAY).year}"
        for decision in self.decisions:
            if decision.stage != "unsuppressed":
                continue
            decision.stage = "assigned"
            if not self.class_of(decision)["may_have_holdout"]:
                continue
            share = self.audiences[decision.audience]["holdout_share"]
            if is_control(universal, decision.customer_id, self.thresholds["universal_control_share"]):
                decision.stop("unsuppressed", "control", "universal_control")
            elif is_control(decision.audience, decision.customer_id, share):
                decision.stop("unsuppressed", "control", "campaign_control")

    # 5 One message a day and channel, and one that sells at all

    def order(self, decision: Decision) -> tuple:
        tie = hashed(decision.audience, decision.customer_id)
        return (self.class_of(decision)["class_rank"], -decision.expected_value, tie)

    def arbitrate(self) -> None:
        of_people, due = defaultdict(list), defaultdict(int)
        for decision in self.decisions:
            channels = words(self.audiences[decision.audience]["channels"])
            is_due = decision.stage != "qualified" and not decision.member and self.goes_out(decision)
            due[decision.customer_id] += is_due and not self.is_marketing(decision) and channels != [HELPDESK]
            if decision.stage == "assigned":
                if decision.member:
                    decision.stage = "arbitrated"
                else:
                    of_people[decision.customer_id].append(decision)
        for person, contenders in of_people.items():
            contenders.sort(key=self.order)
            winners = self.arbitrate_services([each for each in contenders if not self.is_marketing(each)])
            selling = [each for each in contenders if self.is_marketing(each)]
            self.arbitrate_marketing(selling, [each for each in winners if self.takes(each)], due[person])
            self.cap(winners)

    def takes(self, decision: Decision) -> bool:
        """The channel, from those that come after it."""
        return self.goes_out(decision) and not self.is_stale(decision, decision.channel)

    def arbitrate_services(self, contenders: list[Decision]) -> list[Decision]:
        """Those that win their channel; tasks for the helpdesk take part in nothing more."""
        winners = []
        for decision in contenders:
            decision.channel = min(
                decision.open,
                key=lambda channel: (
                    self.is_stale(decision, channel) or self.is_late(decision, channel),
                    self.offer_of(decision, channel) is None,
                    self.preference(decision, channel),
                ),
            )
            first = next((each for each in winners if each.channel == decision.channel and self.takes(each)), None)
            if first and not self.passes(decision, "arbitration"):
                decision.winner_audience = first.audience
                decision.stop("assigned", "lost", "lost_arbitration")
                continue
            decision.stage = "arbitrated"
            if decision.channel != HELPDESK:
                winners.append(decision)
        return winners

    def arbitrate_marketing(self, contenders: list[Decision], kept: list[Decision], due: int) -> None:
        """What markets competes where it could go out: `kept` is what needs no consent and goes before it."""

        def fits(decision: Decision, channel: str) -> bool:
            kind = self.counts_as(decision, channel)
            for cap in self.world["message_caps"]:
                if cap["channel"] not in ("*", channel) or cap["counts_as"] not in ("*", kind):
                    continue
                today = sum(
                    cap["channel"] in ("*", each.channel) and cap["counts_as"] in ("*", self.takes_room_as(each))
                    for each in kept
                )
                if cap["channel"] == cap["counts_as"] == "*":
                    today = due
                if self.sent_before(decision.customer_id, cap) + today + 1 > cap["max_messages"]:
                    return False
            return True

        def hindered_by(decision: Decision, channel: str) -> int:
            if any(each.channel == channel for each in kept):
                return 3
            if not self.passes(decision, "cap") and not fits(decision, channel):
                return 2
            return self.is_late(decision, channel)

        winner = None
        for decision in contenders:
            ways = {channel: hindered_by(decision, channel) for channel in decision.open}
            decision.channel = min(
                ways,
                key=lambda channel: (
                    ways[channel],
                    self.is_stale(decision, channel),
                    self.preference(decision, channel),
                ),
            )
            hindrance = ways[decision.channel]
            if hindrance == 2:
                decision.stop("arbitrated", "capped", "over_cap")
            elif hindrance == 1:
                decision.stop("arbitrated", "capped", "quiet_hours")
            elif hindrance == 3 or winner:
                takers = [each.audience for each in kept if each.channel == decision.channel]
                decision.winner_audience = takers[0] if hindrance == 3 else winner
                decision.stop("assigned", "lost", "lost_arbitration")
            else:
                decision.stage = "arbitrated"
                if self.takes(decision):
                    winner = decision.audience

    # 6, 7 What goes with it, and when?

    def offer_of(self, decision: Decision, channel: str) -> str | None:
        """An offer goes to who may be sent marketing there."""
        may = self.is_marketing(decision) or self.may_send(decision.customer_id, channel, MARKETING)
        return self.audiences[decision.audience]["offer"] if may else None

    def counts_as(self, decision: Decision, channel: str) -> str:
        return PROMOTIONAL if self.offer_of(decision, channel) else self.class_of(decision)["counts_as"]

    def takes_room_as(self, decision: Decision) -> str:
        """An offer that may not go leaves its room to nobody."""
        return PROMOTIONAL if self.audiences[decision.audience]["offer"] else self.class_of(decision)["counts_as"]

    def plan(self) -> None:
        """Of everybody, so that who gets nothing can be told what it would have been."""
        for decision in self.decisions:
            decision.counts_as = self.class_of(decision)["counts_as"]
            if decision.member:
                decision.channel = decision.member["channel"]
            if self.is_marketing(decision) or decision.stage != "qualified":
                decision.offer = self.offer_of(decision, decision.channel)
                decision.counts_as = self.counts_as(decision, decision.channel)
            if decision.member:
                decision.send_not_before = decision.member["send_not_before"]
                decision.send_until = decision.member["expires_at"]
            elif decision.channel:
                decision.send_not_before, decision.send_until = self.times(decision, decision.channel)

    def times(self, decision: Decision, channel: str) -> tuple[datetime | None, datetime]:
        """From when on it may be sent (None: at no time) and until when."""
        if channel == HELPDESK:
            return self.cut, decision.expires_at
        contact = self.contacts.get(decision.customer_id, {})
        country, zone = contact.get("country_code"), contact.get("time_zone")
        sure = zone if contact.get("time_zone_source") != "country_code" else None
        hurries = self.passes(decision, "quiet")
        rules = self.rules_of(channel, country, hurries)
        if not rules:
            return self.cut, decision.expires_at
        any_time = all(is_free(rule) for rule in rules)
        days = self.windows(channel, country, sure, hurries)[:2]
        hour = self.channels.get((decision.customer_id, channel), {}).get("preferred_hour")
        zones = self.zones_of(country, sure)
        if hour is not None and len(zones) == 1 and days and not hurries:
            suiting = []
            for day, opens, closes in days:
                at = max(opens, min(instant(day, hour, zones[0]), closes - HOUR))
                suiting.append((at, closes))
            at, closes = suiting[0]
            if at < self.read:
                at, closes = suiting[1] if len(suiting) > 1 else (datetime.max, closes)
            if at >= self.read and (at == suiting[0][0] or at < decision.expires_at):
                return at, decision.expires_at if any_time else min(decision.expires_at, closes)
        if any_time:
            return self.cut, decision.expires_at
        if not days:
            return None, decision.expires_at
        _, opens, closes = days[0]
        return max(opens, self.read), min(decision.expires_at, closes)

    def rules_of(self, channel: str, country: str | None, hurries: bool) -> list[dict]:
        rows = [row for row in self.world["sending_hours"] if row["channel"] == channel]
        if country:
            own = [row for row in rows if row["country_code"] == country]
            rows = own or [row for row in rows if row["country_code"] == "*"]
        return [row for row in rows if row["also_service"] or not hurries]

    def zones_of(self, country: str | None, sure: str | None) -> list[str]:
        if sure:
            return [sure]
        rows = self.world["country_time_zones"]
        return sorted({row["time_zone"] for row in rows if country is None or row["country_code"] == country})

    @cache  # noqa: B019 (it keeps the referee alive, which a test needs no longer than its world)
    def windows(self, channel: str, country: str | None, sure: str | None, hurries: bool) -> list[tuple]:
        """The local days with a window that is not over when the export is read, its opening and closing."""
        holidays = {(row["country_code"], row["holiday_on"]) for row in self.world["public_holidays"]}
        rules, zones = self.rules_of(channel, country, hurries), self.zones_of(country, sure)
        found = []
        for offset in range(int(self.thresholds["sending_days"]) + 1):
            day = self.as_of + offset * DAY
            allowed = all(
                (rule["on_sundays"] or day.isoweekday() != 7)
                and (rule["on_holidays"] or (country or rule["country_code"], day) not in holidays)
                for rule in rules
            )
            if not allowed or not zones:
                continue
            opens = max(instant(day, rule["opens_hour"], zone) for rule in rules for zone in zones)
            closes = min(instant(day, rule["closes_hour"], zone) for rule in rules for zone in zones)
            if opens < closes and closes > self.read:
                found.append((day, opens, closes))
        return found

    # 6 Not too many

    def count_messages(self) -> None:
        """What each person was sent, or is to be sent by an earlier plan."""
        messages = defaultdict(list)
        for row in self.world["messages"]:
            messages[row["customer_id"]].append((row["messaged_at"], row["channel"], row["message_class"]))
        self.sent = defaultdict(list, {person: list(rows) for person, rows in messages.items()})
        builds = defaultdict(list)
        for row in self.log:
            builds[row["audience"], row["customer_id"], row["changed_at"]].append(row)
        for rows in builds.values():
            row = max(rows, key=lambda each: each["change_number"])  # a build of the same day may have changed the plan
            if not any(is_message(each) for each in rows) or row["channel"] == HELPDESK:
                continue
            person = self.now(row["customer_id"])
            planned = max(row["changed_at"], row["send_not_before"] or row["changed_at"])
            went_out = any(
                at >= planned and (channel, kind) == (row["channel"], row["counts_as"])
                for at, channel, kind in messages[person]
            )
            if not went_out:
                self.sent[person].append((planned, row["channel"], row["counts_as"]))

    def sent_before(self, person: str, cap: dict) -> int:
        return sum(
            at > self.cut - cap["window_hours"] * HOUR
            and cap["channel"] in ("*", channel)
            and cap["counts_as"] in ("*", kind)
            for at, channel, kind in self.sent[person]
        )

    def cap(self, contenders: list[Decision]) -> None:
        """Of one person and what needs no consent, in order."""

        def fits(decision: Decision, caps: Iterable[dict], before: int) -> bool:
            return all(self.sent_before(decision.customer_id, cap) + before + 1 <= cap["max_messages"] for cap in caps)

        kinds = {decision.audience: self.counts_as(decision, decision.channel) for decision in contenders}
        steps = (
            lambda cap, decision: (
                cap["channel"] == decision.channel and cap["counts_as"] in ("*", kinds[decision.audience])
            ),
            lambda cap, decision: cap["channel"] == "*" and cap["counts_as"] == kinds[decision.audience],
            lambda cap, decision: cap["channel"] == "*" and cap["counts_as"] == "*",
        )
        for number, applies in enumerate(steps):
            passed, before = [], defaultdict(int)
            for decision in contenders:
                kind = kinds[decision.audience] if number == 1 else "*"
                caps = [cap for cap in self.world["message_caps"] if applies(cap, decision)]
                earlier = before[kind] if number else 0
                if self.passes(decision, "cap") or fits(decision, caps, earlier):
                    passed.append(decision)
                else:
                    decision.stop("arbitrated", "capped", "over_cap")
                before[kind] += self.takes(decision)
            contenders = passed

    # 7, 8 Still in time, and may it go out?

    def hold_back(self) -> None:
        for decision in self.decisions:
            if decision.outcome_reason or decision.stage != "arbitrated":
                continue
            planned = decision.send_not_before
            if planned is None or planned >= decision.expires_at:
                decision.stop("arbitrated", "capped", "quiet_hours")
                continue
            if not self.audiences[decision.audience]["is_live"]:
                decision.stop("capped", "held_back", "not_live")
            elif decision.audience in self.too_many:
                decision.stop("capped", "held_back", "too_many")
            elif self.is_stale(decision, decision.channel):
                decision.stop("capped", "held_back", "stale_consent")
            else:
                decision.stage, decision.outcome = "exported", "exported"


def added_at(history: list[dict]) -> datetime:
    return max(row["changed_at"] for row in history if row["change"] == "add")


def is_message(row: dict) -> bool:
    """A row of the log that means a message, not one that only changes what is told of the member."""
    return (row["change"] == "add" and row["reason"] != "resumed") or row["reason"] == "new_trigger"


def products_of(row: dict) -> set[tuple[str, str]]:
    told = {("family", row["product_family"]), ("product", row["product_id"])}
    return {(scope, value) for scope, value in told if value is not None}


def is_free(rule: dict) -> bool:
    times = (rule["opens_hour"], rule["closes_hour"], rule["on_sundays"], rule["on_holidays"])
    return times == (0, 24, True, True)


@cache
def zone_of(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@cache
def instant(day: date, hour: int, zone: str) -> datetime:
    """That hour of a local day in UTC: the earlier one of two, moved on by the clock's jump if there is none."""
    day, hour = (day + DAY, 0) if hour == 24 else (day, hour)
    return datetime.combine(day, time(hour), zone_of(zone)).astimezone(UTC).replace(tzinfo=None)


def decide(world: dict) -> dict[tuple[str, str], Decision]:
    """What becomes of everybody who qualifies for anything, by audience and person."""
    return {(each.audience, each.customer_id): each for each in Audiences(world).play()}
