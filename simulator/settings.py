"""
What a shop is a function of: the arguments of the command line, and every planted trap with its realistic rate.

`--trap-rate` multiplies all rates (0 plants nothing), `--trap name=rate` sets one of them.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from simulator.systems import SYSTEMS

BLOCK = 10_000  # people who are simulated together; a constant, since whose number is passed on depends on it
STREAM = 20_000  # people whose tempers come from one stream of random numbers; whole blocks
HORIZON = date(2027, 12, 31)  # nothing happens later
DAY = 86_400
NEVER = -(2**63)  # the instant of what does not happen: numpy's NaT, null in the tables
LOAD_HOUR = 10  # UTC: in every zone of the shop it is the morning after then


class Mistake(Exception):
    """What is wrong with the arguments, as one sentence that says what to do."""


class Trap(NamedTuple):
    """One way in which raw data misleads; `number` as in the list of traps of the source research."""

    number: int
    rate: float
    of: str


TRAPS = {
    # identity
    "guest_order": Trap(1, 0.08, "web orders, without a customer"),
    "guest_person": Trap(1, 0.08, "people who never make an account"),
    "walk_in": Trap(1, 0.30, "till sales, without anything known"),
    "merged_customer": Trap(3, 0.01, "people with two accounts, merged later"),
    "erased": Trap(4, 0.004, "people who ask to be erased"),
    "noisy_email": Trap(5, 0.06, "e-mails as typed: case, spaces, plus tags, dots"),
    "typo": Trap(5, 0.01, "orders of guests and at tills with a slip in the e-mail; web orders with one in the name"),
    "second_email": Trap(5, 0.12, "people with a second address"),
    "shared_inbox": Trap(5, 0.25, "households with one inbox"),
    "placeholder_email": Trap(5, 0.03, "known till customers, where the clerk types the counter's or a dummy address"),
    "national_phone": Trap(8, 0.30, "phones typed without the country"),
    "recycled_phone": Trap(8, 0.004, "people with the number that somebody else gave up"),
    "phone_only": Trap(8, 0.20, "known till customers, who give a phone and nothing else"),
    # time
    "imported_history": Trap(11, 0.50, "web orders of the first six weeks, imported with one created_at"),
    # money
    "presentment_currency": Trap(14, 0.60, "orders of Canadians, paid in their own currency"),
    "tip": Trap(15, 0.05, "orders at the Shopify till with a tip"),
    "gift_card_sale": Trap(16, 0.012, "web orders with a gift card sold"),
    "gift_card_tender": Trap(16, 0.02, "web orders partly paid with a gift card"),
    "legacy_line_discount": Trap(17, 0.03, "discounted orders with total_discount instead of allocations"),
    "amount_refund": Trap(18, 0.20, "refunds of an amount without lines"),
    "moneyless_refund": Trap(18, 0.08, "refunds that move no money: restock, exchange"),
    "shipping_refund": Trap(18, 0.15, "refunds of goods that give shipping back"),
    # rows
    "test_order": Trap(20, 0.003, "web orders through the test gateway"),
    "cancelled": Trap(20, 0.015, "web orders cancelled before they ship"),
    "cancelled_late": Trap(20, 0.002, "web orders cancelled after they shipped"),
    "voided": Trap(20, 0.004, "web orders whose authorization is voided"),
    "pending": Trap(20, 0.005, "web orders that are not paid at once, half of them never"),
    "draft_order": Trap(20, 0.01, "orders that began as a draft"),
    "staff": Trap(20, 0.004, "people who work here"),
    "wholesale": Trap(20, 0.004, "people who buy for a business"),
    "marketplace": Trap(20, 0.006, "people who buy through a marketplace"),
    "tombstone": Trap(21, 0.002, "orders deleted in the shop"),
    "duplicate": Trap(22, 0.01, "rows delivered twice"),
    "late_row": Trap(23, 0.03, "till sales uploaded days later"),
    "late_refund": Trap(23, 0.04, "refunds that come months later"),
    "truncated_history": Trap(25, 0.0, "1: orders older than 60 days at the first load never arrive"),
    "json_gap": Trap(26, 0.02, "rows with null or no key where others have []"),
    "enum_case": Trap(27, 0.02, "rows with states in upper case"),
    "blank_sku": Trap(28, 0.02, "lines with an empty or absent sku"),
    # subscriptions, parcels, tickets
    "future_charge": Trap(12, 1.0, "running subscriptions, which have a queued charge in the future"),
    "legacy_ids": Trap(27, 0.10, "subscriptions whose ids have the form of an older API version"),
    "overwritten": Trap(37, 0.10, "subscriptions whose older versions the loader overwrote"),
    "unlogged": Trap(37, 0.10, "starts and ends of subscriptions that the event log lacks"),
    "silent_dunning": Trap(37, 0.30, "subscriptions ended by dunning, without a reason"),
    "no_promise": Trap(35, 0.05, "parcels without a promise by the checkout"),
    "unscanned_delivery": Trap(35, 0.01, "parcels delivered without a scan of it"),
    "scan_taken_back": Trap(35, 0.005, "parcels shown as delivered too early"),
    "shuffled_scans": Trap(23, 0.15, "parcels whose scans come in any order and twice"),
    "recycled_number": Trap(35, 0.01, "parcels whose tracking number belonged to another one a year before"),
    "return_leg": Trap(35, 1.0, "returns, whose parcels back are trackings too"),
    "spam_ticket": Trap(20, 0.05, "spam, per ticket"),
    "trashed_ticket": Trap(20, 0.03, "tickets thrown away, per ticket"),
    "outbound_ticket": Trap(20, 0.05, "tickets that the shop opens itself, per ticket"),
    "reopened": Trap(36, 0.03, "tickets closed too early"),
    "auto_reply": Trap(36, 0.30, "tickets that a rule answers at once"),
    "internal_note": Trap(36, 0.20, "tickets with an internal note before the answer"),
    "untagged": Trap(36, 0.10, "tickets without a topic"),
    "unknown_tag": Trap(36, 0.02, "tickets with a tag that no map knows"),
    # messages
    "test_workspace": Trap(20, 0.003, "e-mails of Braze that somebody tried out in a test workspace"),
    "late_event": Trap(23, 0.03, "events of Braze that apps send days later"),
    "moderated_unseen": Trap(24, 0.50, "reviews taken down, which the loader's cursor never sees"),
    "moderated": Trap(21, 0.03, "reviews taken down or hidden later"),
    "lost_coupon": Trap(26, 0.10, "review requests with a coupon whose code the loader nulls"),
    "renamed_metric": Trap(27, 1.0, "1: Klaviyo's unsubscriptions have another name since July 2024"),
    "bot_click": Trap(29, 0.02, "e-mails whose links a scanner clicks"),
    "soft_bounce": Trap(30, 0.01, "e-mails that arrive at the second attempt"),
    "restated_state": Trap(32, 0.15, "subscription states of Braze that are set again without a change"),
    "default_subscribed": Trap(32, 0.30, "profiles of people who never agreed, subscribed by default"),
    "unmoved_profile": Trap(31, 0.50, "refusals that do not move the Klaviyo profile, so that only the event says so"),
    "suppression": Trap(31, 0.50, "refusals seen in the Klaviyo profile as a suppression of a subscribed one"),
    "undated_refusal": Trap(31, 0.30, "refusals to Yotpo that are only on the list without dates"),
    "overlapping_export": Trap(22, 0.10, "e-mails of Barilliance that two exports contain"),
    # loyalty, promotions, web
    "pending_points": Trap(12, 1.0, "earnings whose points become usable after as_of"),
    "waiting_points": Trap(33, 0.05, "members with birthday points in a sub-ledger, waiting for an action"),
    "sandbox": Trap(20, 0.01, "bookings of Talon.One tried out in a sandbox programme too"),
    "platform_drift": Trap(33, 0.01, "members whose balance in the platform differs from its own ledger"),
    "repeated_effect": Trap(34, 1.0, "answers to carts that were changed once more before they became orders"),
    "moved_member": Trap(7, 0.25, "members of Yotpo Loyalty with a second address, seen under both"),
    "misspelt_id": Trap(6, 0.10, "members of Yotpo Loyalty whose shop id is in the misspelt column"),
    "blocked_thanks": Trap(19, 0.15, "web orders whose thank-you page was blocked"),
    "double_thanks": Trap(19, 0.08, "web orders whose thank-you page was loaded twice"),
    "twin_event": Trap(22, 1.0, "web events that stand in tracks and in a table of their own"),
    "queued_event": Trap(23, 0.02, "web events that arrive days later"),
    "unknown_event": Trap(27, 0.01, "visits with an event that no map knows"),
    "bot_visit": Trap(29, 0.02, "visits with a search engine behind them"),
    "shared_browser": Trap(5, 0.50, "households with one browser"),
    "corrupt": Trap(0, 0.001, "rows that cannot be read"),
}


@dataclass(frozen=True)
class Settings:
    """The arguments, and what follows from them directly."""

    customers: int = 2_000
    seed: int = 7
    as_of: date = date(2025, 12, 31)
    out: Path = Path("data/raw")
    systems: tuple[str, ...] = SYSTEMS
    start: date = date(2023, 1, 1)
    scene_day: date = date(2025, 12, 31)
    loader_since: date = date(2024, 1, 1)
    shopify_loader: str = "airbyte"
    trap_rate: float = 1.0
    trap_rates: dict[str, float] = field(default_factory=dict)
    seasons: bool = True
    reactions: bool = True
    plain_lives: bool = False
    workers: int = 2

    def trap(self, name: str) -> float:
        """The rate of a trap in this shop."""
        if name in self.trap_rates:
            return self.trap_rates[name]
        rate = TRAPS[name].rate
        return min(1.0, rate * self.trap_rate)

    @property
    def begins(self) -> int:
        """The first second of the shop, as UNIX time."""
        return seconds(self.start)

    @property
    def cut(self) -> int:
        """The first second that has not happened yet: midnight UTC after as_of."""
        return seconds(self.as_of) + DAY

    @property
    def last_load(self) -> int:
        """When the newest load ran: the morning after as_of."""
        return self.cut + LOAD_HOUR * 3600

    @property
    def first_load(self) -> int:
        """When the loader was connected and took the whole history; earlier shops are loaded at once."""
        return min(seconds(self.loader_since) + LOAD_HOUR * 3600, self.last_load)

    @property
    def days(self) -> int:
        """Days from the shop's start to the horizon."""
        return (HORIZON - self.start).days + 1


def seconds(day: date) -> int:
    """UNIX time of a day's first second in UTC."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def third_anniversary(day: date) -> date:
    """By this day all of `--customers` have arrived."""
    try:
        return day.replace(year=day.year + 3)
    except ValueError:
        return day + timedelta(days=1095)
