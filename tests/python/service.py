"""Raw tables of what follows an order, as their loaders write them: Recharge, AfterShip, Gorgias and Yotpo's reviews.

Times are UTC without an offset, but those of a parcel's scans, which are the recipient's. Any column may be given by
name.
"""

import json

from messaging import Tool


class Recharge(Tool):
    def __init__(self):
        super().__init__("recharge")

    def number(self, table: str) -> str:
        return str(1 + len(self.rows.get(table, [])))

    def customer(self, account: int, email: str) -> str:
        """A customer that has an account in the shop."""
        external_id = json.dumps({"ecommerce": str(account)})
        return self.add("customers", id=self.number("customers"), external_customer_id=external_id, email=email)["id"]

    def subscription(self, customer: str, variant: int, at: str, cancelled_at: str | None = None, **more) -> str:
        """A monthly subscription to a variant of the shop; without an end it is active."""
        row = {
            "id": self.number("subscriptions"), "customer_id": customer, "created_at": f"{at}Z",
            "status": "cancelled" if cancelled_at else "active", "updated_at": f"{cancelled_at or at}Z",
            "cancelled_at": f"{cancelled_at}Z" if cancelled_at else None, "price": "9.00", "quantity": "1",
            "order_interval_unit": "month", "order_interval_frequency": "1", "charge_interval_frequency": "1",
            "external_variant_id": json.dumps({"ecommerce": str(variant)}), "product_title": "As subscribed",
        }  # fmt: skip
        return self.add("subscriptions", **row | more)["id"]

    def event(self, subscription: str, verb: str, at: str) -> None:
        row = {"id": self.number("events"), "object_type": "subscription", "object_id": subscription, "verb": verb}
        self.add("events", **row, created_at=f"{at}Z")


class AfterShip(Tool):
    def __init__(self):
        super().__init__("aftership")

    def tracking(self, key: str, email: str, promised: str, *scans: tuple[str, str], **more) -> None:
        """A parcel to that address with its scans: (local time, tag)."""
        row = {
            "id": key, "tracking_number": key, "slug": "usps", "created_at": "2024-03-01T10:00:00+00:00",
            "updated_at": "2024-03-20T10:00:00+00:00", "tag": scans[-1][1] if scans else "Pending",
            "shipment_direction": "forward",
            "order_promised_delivery_date": json.dumps({"promised_delivery_date": promised}),
            "customers": json.dumps([{"role": "receiver", "email": email}]),
            "checkpoints": json.dumps(
                [{"checkpoint_time": at, "tag": tag, "created_at": f"{at[:10]}T20:30:00Z"} for at, tag in scans]
            ),
        }  # fmt: skip
        self.add("trackings", **row | more)


class Gorgias(Tool):
    def __init__(self):
        super().__init__("gorgias", types={"score": "bigint"})

    def ticket(self, number: int, email: str, at: str, closed_at: str | None = None, **more) -> None:
        row = {
            "id": str(number), "created_datetime": at, "updated_datetime": closed_at or at,
            "closed_datetime": closed_at, "channel": "email", "spam": "false", "from_agent": "false", "subject": "S",
            "excerpt": "E", "tags": "[]", "custom_fields": "{}",
            "customer": json.dumps({"id": number, "email": email}),
        }  # fmt: skip
        self.add("tickets", **row | more)

    def message(self, ticket: int, at: str, from_agent: bool = False) -> None:
        number = 1 + len(self.rows.get("messages", []))
        said = {"id": str(number), "ticket_id": str(ticket), "from_agent": str(from_agent).lower()}
        self.add("messages", **said, created_datetime=at)

    def survey(self, ticket: int, score: int | None, at: str) -> None:
        row = {"id": str(ticket), "ticket_id": str(ticket), "score": score}
        self.add("satisfaction_surveys", **row, created_datetime=at, sent_datetime=at, scored_datetime=at)


class Reviews(Tool):
    def __init__(self):
        super().__init__("yotpo")

    def review(self, number: int, email: str, score: int, at: str, product: int, content: str = "C") -> None:
        self.add(
            "reviews", id=f"{number}.0", created_at=f"{at}Z", updated_at=f"{at}Z", score=float(score), title="T",
            content=content, sku=str(product), email=email, reviewer_type="verified_buyer", deleted=False,
            archived=False, is_incentivized=False,
        )  # fmt: skip

    def request(self, email: str, order: int, product: int, sent_at: str, reviewed_at: str) -> None:
        """The mail that asked for a review and got it: the one thing that ties a review to its order."""
        self.add(
            "raw_data", email_address=email, email_type="mail_after_purchase", reminder_num=0, order_id=str(order),
            product_id=str(product), email_sent_timestamp=f"{sent_at}Z", content_creation_timestamp=f"{reviewed_at}Z",
            _airbyte_meta='{"changes":[]}',
        )  # fmt: skip
