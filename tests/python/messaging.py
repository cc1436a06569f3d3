"""Raw tables of the messaging tools as their loaders write them: Braze, Klaviyo, Yotpo and Barilliance.

Each class collects rows by table; a row that is not told otherwise was loaded at `loaded_at`. Times are written in UTC.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

from conftest import Raw

TYPES = {
    "time": "bigint",
    **dict.fromkeys(("score", "sentiment", "votes_up", "votes_down", "reminder_num", "email_type_id"), "double"),
    **dict.fromkeys(
        ("deleted", "archived", "is_incentivized", "is_suspected_bot_click", "in_control_group"), "boolean"
    ),
    **dict.fromkeys(("created_at", "updated_at", "datetime", "updated"), "timestamptz"),
    **dict.fromkeys(("_loaded_at", "_airbyte_extracted_at"), "timestamptz"),
    "email_type": "varchar",
}


def epoch(at: str) -> int:
    return int(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp())


@dataclass
class Tool:
    """The rows of one tool, by table."""

    system: str
    loaded_at: str = "2024-07-01T04:00:00Z"
    loaded_column: str = "_airbyte_extracted_at"
    types: dict[str, str] = field(default_factory=dict)
    rows: dict[str, list[dict]] = field(default_factory=dict)

    def add(self, table: str, **row) -> dict:
        row = {self.loaded_column: self.loaded_at} | row
        self.rows.setdefault(table, []).append(row)
        return row

    def write(self, raw: Raw) -> Raw:
        for table, rows in self.rows.items():
            columns = sorted({column for row in rows for column in row})
            types = {column: (TYPES | self.types).get(column, "varchar") for column in columns}
            raw.write(
                f"{self.system}.{table}", [{column: row.get(column) for column in columns} for row in rows], types
            )
        return raw


class Braze(Tool):
    def __init__(self):
        super().__init__("braze", loaded_column="_loaded_at")

    def event(self, table: str, user: str | None, at: str, **more) -> str:
        """An event of a table named without its `users_`; returns its id."""
        number = sum(map(len, self.rows.values()))
        row = {"id": f"event-{number}", "user_id": user, "time": epoch(at), "app_group_id": "live"} | more
        return self.add(f"users_{table}", **row)["id"]

    def email(self, event: str, user: str, at: str, dispatch: str, **more) -> str:
        return self.event(f"messages_email_{event}", user, at, dispatch_id=dispatch, **more)

    def sms(self, event: str, user: str | None, at: str, dispatch: str | None = None, **more) -> str:
        more |= {} if dispatch is None else {"dispatch_id": dispatch}
        return self.event(f"messages_sms_{event}", user, at, **more)

    def push(self, event: str, user: str, at: str, dispatch: str, **more) -> str:
        return self.event(f"messages_pushnotification_{event}", user, at, dispatch_id=dispatch, **more)

    def state(self, user: str, at: str, status: str, channel: str = "email", group: str | None = None, **more) -> str:
        table = "behaviors_subscriptiongroup_statechange" if group else "behaviors_subscription_globalstatechange"
        more |= {"subscription_group_id": group} if group else {}
        return self.event(table, user, at, subscription_status=status, channel=channel, **more)


class Klaviyo(Tool):
    def __init__(self):
        super().__init__("klaviyo")

    def metric(self, number: str, name: str) -> None:
        self.add("metrics", id=number, attributes=json.dumps({"name": name, "integration": {"name": "Klaviyo"}}))

    def event(
        self, profile: str, metric: str, at: str, metric_name: str | None = None, row: dict | None = None, **more
    ) -> str:
        """An event; keyword arguments are properties, `row` overrides columns."""
        number = f"ev{len(self.rows.get('events', []))}"
        data = {"type": "metric", "id": metric} | ({"name": metric_name} if metric_name else {})
        relationships = {"profile": {"data": {"type": "profile", "id": profile}}, "metric": {"data": data}}
        attributes = {"timestamp": epoch(at), "datetime": f"{at}+00:00", "event_properties": more, "uuid": number}
        made = {"id": number, "type": "event", "datetime": f"{at}Z", "attributes": json.dumps(attributes)}
        return self.add("events", **(made | {"relationships": json.dumps(relationships)} | (row or {})))["id"]

    def profile(self, number: str, updated: str = "2024-01-01T00:00:00", row: dict | None = None, **attributes) -> None:
        attributes = {"created": "2023-12-01T00:00:00+00:00", "updated": f"{updated}+00:00"} | attributes
        self.add(
            "profiles", **({"id": number, "attributes": json.dumps(attributes), "updated": f"{updated}Z"} | (row or {}))
        )


def marketing(consent: str, at: str | None = None, *suppressions: tuple[str, str], **more) -> dict:
    """What a Klaviyo profile says about a channel; suppressions are pairs of reason and time."""
    listed = [{"reason": reason, "timestamp": f"{when}+00:00"} for reason, when in suppressions]
    stated = f"{at}+00:00" if at else None
    return {"marketing": {"consent": consent, "consent_timestamp": stated, "suppressions": listed} | more}
