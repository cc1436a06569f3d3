"""Raw Shopify tables as Airbyte lands them: API names, nested objects as JSON text, amounts as floats or as text.

A `Shop` collects rows. Its methods make one row each, with what a plain row of that table holds, and take any column by
name; those that other rows point at return their id. `write_shops` writes the tables of one shop or of several.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from conftest import Raw

TIMES = ("created_at", "processed_at", "updated_at", "cancelled_at", "deleted_at", "completed_at")
TYPES = {
    **dict.fromkeys(("id", "order_id", "product_id", "location_id", "customer_id"), "bigint"),
    **dict.fromkeys((*TIMES, "_airbyte_extracted_at"), "timestamptz"),
    **dict.fromkeys(("test", "taxes_included", "verified_email", "is_gift_card", "active"), "boolean"),
    **dict.fromkeys(("total_tax", "total_price", "total_tip_received", "amount", "price"), "double"),
}
REQUIRED = {
    "orders": ("id", "created_at", "line_items", "shop_url", "_airbyte_extracted_at"),
    "order_refunds": ("id", "order_id", "created_at", "refund_line_items", "shop_url", "_airbyte_extracted_at"),
}


def money(amount: float, presentment: tuple[float, str] | None = None, currency: str = "EUR") -> dict:
    """An amount as the API's `*_set` objects carry it, and what the buyer saw of it."""
    seen, seen_currency = presentment or (amount, currency)
    return {
        "shop_money": {"amount": f"{amount:.2f}", "currency_code": currency},
        "presentment_money": {"amount": f"{seen:.2f}", "currency_code": seen_currency},
    }


def line(number: int, price: float, quantity: int = 1, discounts: Iterable[float] = (), tax: float = 0, **more) -> dict:
    """A line of an order; `discounts` are its shares of the order's discounts, `tax` is the line's tax."""
    return {
        "id": number,
        "product_id": 7000 + number,
        "variant_id": 8000 + number,
        "sku": f"SKU-{number}",
        "title": f"Product {number}",
        "variant_title": "Default Title",
        "vendor": "Maker",
        "quantity": quantity,
        "price": float(price),
        "total_discount": 0.0,
        "discount_allocations": [
            {"amount": f"{amount:.2f}", "amount_set": money(amount), "discount_application_index": position}
            for position, amount in enumerate(discounts)
        ],
        "tax_lines": [{"title": "VAT", "rate": 0.2, "price": float(tax)}] if tax else [],
        "gift_card": False,
        "properties": [],
    } | more


def tip(number: int, amount: float) -> dict:
    """A tip, which is a line of the order: no product, and the only kind of line with the key tip."""
    return line(number, amount, product_id=None, variant_id=None, sku=None, title="Tip", vendor=None) | {
        "tip": {"payment_gateway": None, "payment_method": None}
    }


def goods(line_number: int, subtotal: float, quantity: int = 1, tax: float = 0, restock: str = "return") -> dict:
    """Goods taken back, an element of refund_line_items."""
    return {
        "id": 90_000 + line_number,
        "line_item_id": line_number,
        "quantity": quantity,
        "subtotal": float(subtotal),
        "total_tax": float(tax),
        "restock_type": restock,
    }


def adjustment(amount: float, kind: str = "refund_discrepancy", tax: float = 0) -> dict:
    """Money beyond the goods, an element of order_adjustments: negative when the customer gets it."""
    return {"id": 95_000, "kind": kind, "reason": None, "amount": f"{amount:.2f}", "tax_amount": f"{tax:.2f}"}


@dataclass
class Shop:
    """The rows of one shop, by table; what a row does not say otherwise was loaded at `loaded_at`."""

    url: str = "demo"
    currency: str = "EUR"
    first_id: int = 1_000
    loaded_at: str | None = "2024-07-01T04:00:00Z"
    rows: dict[str, list[dict]] = field(default_factory=dict)

    def add(self, table: str, row: dict) -> int:
        """Any row; a row without an id gets the next one."""
        rows = self.rows.setdefault(table, [])
        number = self.first_id + sum(map(len, self.rows.values()))
        row = {"id": number, "shop_url": self.url, "_airbyte_extracted_at": self.loaded_at} | row
        rows.append(row)
        return row["id"]

    def order(
        self,
        *lines: dict,
        at: str = "2024-03-04T10:00:00Z",
        customer: int | str | None = None,
        shipping: float = 0,
        **more,
    ) -> int:
        """A paid web order of an account (its id, or the JSON as it landed), else of a guest; e-mail only if given."""
        if isinstance(customer, int):
            customer = json.dumps({"id": customer, "email": f"c{customer}@{self.url}.example.com"})
        amounts = [(each.get("price"), each.get("quantity")) for each in lines]
        total = sum(
            price * quantity for price, quantity in amounts if isinstance(price, float) and quantity in range(99)
        )
        return self.add(
            "orders",
            {
                "name": f"#{len(self.rows.get('orders', []))}",
                "created_at": at,
                "processed_at": at,
                "updated_at": more.get("cancelled_at") or at,
                "cancelled_at": None,
                "deleted_at": None,
                "test": False,
                "financial_status": "paid",
                "source_name": "web",
                "location_id": None,
                "customer": customer,
                "customer_id": None,
                "email": None,
                "currency": self.currency,
                "presentment_currency": self.currency,
                "taxes_included": False,
                "total_tax": 0.0,
                "total_price": total + shipping,
                "total_tip_received": 0.0,
                "total_shipping_price_set": json.dumps(money(shipping, currency=self.currency)),
                "discount_codes": "[]",
                "line_items": json.dumps(lines),
                "shipping_address": json.dumps({"country_code": "DE"}),
                "tags": "",
            }
            | more,
        )

    def tombstone(self, order: int, deleted_at: str, **more) -> None:
        """What Airbyte lands for a deleted order: beside the key everything is null, the change column too."""
        self.add("orders", {"id": order, "deleted_at": deleted_at} | more)

    def refund(
        self,
        order: int,
        *pieces: dict,
        paid: float | None = None,
        at: str = "2024-03-10T10:00:00Z",
        **more,
    ) -> int:
        """A refund of `goods` and `adjustment`s; `paid` is what went back to the customer, null if no money moved."""
        steps = [] if paid is None else [{"kind": "refund", "status": "success", "amount": f"{paid:.2f}"}]
        row = {
            "order_id": order,
            "created_at": at,
            "processed_at": at,
            "refund_line_items": json.dumps([piece for piece in pieces if "line_item_id" in piece]),
            "order_adjustments": json.dumps([piece for piece in pieces if "line_item_id" not in piece]),
            "transactions": json.dumps([{"gateway": "shopify_payments"} | step for step in steps]),
        }
        return self.add("order_refunds", row | more)

    def transaction(self, order: int, kind: str, amount: float, at: str = "2024-03-04T10:01:00Z", **more) -> int:
        row = {"order_id": order, "kind": kind, "status": "success", "amount": float(amount), "created_at": at}
        return self.add(
            "transactions",
            row | {"currency": self.currency, "gateway": "shopify_payments", "test": False} | more,
        )

    def fulfillment(self, order: int, at: str = "2024-03-05T10:00:00Z", **more) -> int:
        row = {"order_id": order, "created_at": at, "updated_at": at, "status": "success", "shipment_status": None}
        return self.add("fulfillments", row | more)

    def customer(self, email: str | None = None, at: str = "2024-01-02T10:00:00Z", **more) -> int:
        row = {"email": email, "phone": None, "first_name": "Ann", "last_name": "Lee", "created_at": at}
        return self.add("customers", row | {"updated_at": at, "verified_email": True, "tags": ""} | more)

    def product(self, number: int, title: str, at: str = "2024-01-01T00:00:00Z", **more) -> int:
        row = {"id": number, "title": title, "vendor": "Maker", "product_type": "Things", "status": "ACTIVE"}
        return self.add("products", row | {"is_gift_card": False, "created_at": at, "updated_at": at} | more)

    def variant(self, number: int, product: int, at: str = "2024-01-01T00:00:00Z", **more) -> int:
        row = {"id": number, "product_id": product, "title": "Default Title", "sku": f"SKU-{number}", "price": 10.0}
        return self.add("product_variants", row | {"updated_at": at} | more)

    def settings(self, time_zone: str, at: str = "2024-01-01T00:00:00Z", **more) -> int:
        """The row of shopify.shop, where the default reporting zone comes from."""
        return self.add("shop", {"iana_timezone": time_zone, "currency": self.currency, "updated_at": at} | more)


def write_rows(raw: Raw, tables: dict[str, list[dict]], system: str = "shopify", as_text: bool = False) -> Raw:
    """Write tables whose rows may differ in columns; the two that Shopify cannot do without are always written."""
    for table in sorted(tables.keys() | (REQUIRED.keys() if system == "shopify" else set())):
        rows = tables.get(table, [])
        columns = sorted({column for row in rows for column in row} | set(REQUIRED.get(table, ())))
        types = {column: "varchar" if as_text else TYPES.get(column, "varchar") for column in columns}
        raw.write(f"{system}.{table}", [{column: row.get(column) for column in columns} for row in rows], types)
    return raw


def write_shops(raw: Raw, *shops: Shop, as_text: bool = False) -> Raw:
    tables: dict[str, list[dict]] = {}
    for shop in shops:
        for table, rows in shop.rows.items():
            tables.setdefault(table, []).extend(rows)
    return write_rows(raw, tables, as_text=as_text)
