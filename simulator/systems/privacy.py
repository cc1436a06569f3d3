"""Requests to be forgotten, in our own contract: one row each, with whatever the person was known by."""

from simulator.loader import Delivery, Spoil

NEEDS = ("marketing",)


def write(delivery: Delivery) -> None:
    delivery.deliver(
        "erasure_requests",
        """
        select
            'E' || person_id as request_id, strftime(requested_at, '%Y-%m-%dT%H:%M:%SZ') as requested_at, people.email,
            people.phone,
            'shopify:' || shops.shop_url || ':' || people.shopify_customer_id as platform_customer_id,
            people.loyalty_id, load_after(requested_at) as _load_at, 'erased' as _oddity
        from life.erasures as erasures
        join life.people as people using (person_id)
        join life.shops as shops using (shop_id)
        """,
        key=("request_id",),
        loader="ours",
        spoils=(Spoil("request_id"), Spoil("requested_at", "'soon'")),
        trap="_oddity",
    )
