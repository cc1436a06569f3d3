"""The models of the loyalty ledger on rows of a test."""

from collections.abc import Iterable
from datetime import datetime

from compiled import CompiledModels

CORE = (
    "int_loyalty__rules", "int_loyalty__members", "int_loyalty__booked", "int_loyalty__lots", "int_loyalty__events",
    "int_loyalty__plain_moves", "int_loyalty__sequential_moves", "int_loyalty__moves",
)  # fmt: skip
BOOKING_TYPES = {
    "booking_id": "varchar", "source_name": "varchar", "programme": "varchar", "member_id": "varchar",
    "source_record_type": "varchar", "source_record_id": "varchar", "booked_at": "timestamp", "entry_type": "varchar",
    "points": "decimal(18, 2)", "activation": "varchar", "active_at": "timestamp", "expiry": "varchar",
    "expires_at": "timestamp", "order_reference": "varchar", "reason": "varchar",
}  # fmt: skip
RULE_TYPES = {
    "programme": "varchar", "valid_from": "date", "time_zone": "varchar", "points_per_unit": "decimal(18, 6)",
    "pending_days": "int", "expiry_policy": "varchar", "expiry_days": "int", "expires_at_midnight": "boolean",
    "inactivity_resets": "varchar", "reversal_grace_days": "int", "clawback_rule": "varchar",
    "unlock_above_points": "decimal(18, 2)", "unlock_minimum_order": "decimal(18, 2)", "tier_metric": "varchar",
    "tier_window": "varchar", "tier_window_days": "int", "tier_term_days": "int", "tier_grace_days": "int",
    "downgrade_policy": "varchar", "refunds_downgrade": "boolean", "point_price": "decimal(18, 6)",
    "expected_redemption_rate": "decimal(9, 6)", "explanation": "varchar",
}  # fmt: skip
# What else the marts read: nobody is known by name, no order is known.
NOTHING = {
    "intermediate.int_identity__records": dict.fromkeys(
        ("source_name", "source_record_type", "source_record_id", "customer_id"), "varchar"
    ),
    "intermediate.int_loyalty__orders": {"order_reference": "varchar", "order_id": "varchar"},
    "marts.orders": {"order_id": "varchar", "sales_channel": "varchar"},
}
SCENARIO_TYPES = dict.fromkeys(("scenario", "programme", "setting", "value", "explanation"), "varchar")


class LedgerModels(CompiledModels):
    """The models of the loyalty ledger."""

    def give(
        self,
        bookings: Iterable[dict],
        rules: Iterable[dict],
        cut_at: datetime,
        scenarios: Iterable[dict] = (),
        reporting_timezone: str = "UTC",
    ) -> "LedgerModels":
        self.table("intermediate.int_loyalty_bookings__unioned", BOOKING_TYPES, bookings)
        self.table("settings.loyalty_programmes", RULE_TYPES, rules)
        self.table("settings.loyalty_scenarios", SCENARIO_TYPES, scenarios)
        # Days before and after these years are converted one by one.
        self.table(
            "settings.thresholds",
            {"name": "varchar", "value": "int"},
            [{"name": "earliest_plausible_year", "value": 2024}, {"name": "latest_plausible_year", "value": 2024}],
        )
        for name, types in NOTHING.items():
            self.table(name, types, [])
        self.table(
            "staging.point_in_time",
            {"cut_at": "timestamp", "as_of": "date", "reporting_timezone": "varchar"},
            [{"cut_at": cut_at, "as_of": cut_at.date(), "reporting_timezone": reporting_timezone}],
        )
        return self

    def run(self, *models: str) -> "LedgerModels":
        super().run(*models or CORE)
        return self
