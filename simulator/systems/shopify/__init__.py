"""
Shopify. What the platform itself knows comes first (`content`) and is the same for every loader; two thin renderers
give it the
    loader's shape: `airbyte` (orders with their JSON, one row per pulled version) and `fivetran` (one flat table
per nested list, current state only, deleted rows flagged).
"""

from simulator.loader import Delivery
from simulator.systems.shopify import airbyte, content, fivetran

NEEDS = ("web",)


def write(delivery: Delivery) -> None:
    content.add(delivery)
    if delivery.settings.shopify_loader == "fivetran":
        fivetran.write(delivery)
    else:
        airbyte.write(delivery)
