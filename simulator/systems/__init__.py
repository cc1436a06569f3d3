"""
One module per system: what it would hold of the lives, in its own shape.

A module has a docstring, `NEEDS` (groups of life tables beside the ones that are always there, see `simulator.tables`)
and `write(delivery)`, which reads `life.*` through `delivery.con` and hands each raw table to `delivery.deliver` (see
`simulator.loader`). A table that is not about people (a catalogue, a list of stores) is delivered by the first block
only: `delivery.is_first`. Tables of its own on the way go to the schema `part`. New traps get a name and a rate in
`simulator.settings.TRAPS`; SQL macros that several writers use are in `simulator.loader.macros`. To add a system, write
the module and name it here; nothing else changes.
"""

from importlib import import_module

SYSTEMS = (
    "shopify", "pos", "recharge", "aftership", "gorgias", "braze", "klaviyo", "yotpo", "barilliance",
    "talon_one", "yotpo_loyalty", "segment", "privacy",
)  # fmt: skip


def module(system: str):
    """The writer of a system."""
    return import_module(f"simulator.systems.{system}")
