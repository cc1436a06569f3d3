"""The warehouse against the simulated shop, whose truth comes from simulated lives and not from these models."""

import duckdb
import pytest
from conftest import build

from simulator.__main__ import main

SYSTEMS = ("pos", "shopify")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """(raw folder, warehouse) of two thousand people with the default traps."""
    folder = tmp_path_factory.mktemp("simulated")
    main(["--customers", "2000", "--seed", "7", "--systems", ",".join(SYSTEMS), "--out", str(folder / "raw")])
    return folder / "raw", build(folder / "raw", folder)


def compare(shop, truth: str, marts: str) -> list[tuple]:
    """The rows of two queries that are not in the other; `truth.<table>` is a table of the truth."""
    raw, warehouse = shop
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse.database}' as warehouse (read_only); create schema truth")
        for file in (raw / "truth").glob("*.parquet"):
            connection.execute(f"create view truth.{file.stem} as from '{file}'")
        assert connection.execute(f"select count(*) from ({truth})").fetchone()[0] > 0
        return connection.execute(
            f"(from ({truth}) except from ({marts})) union all (from ({marts}) except from ({truth}))"
        ).fetchall()


def test_orders_are_those_of_the_shop_to_the_cent(shop):
    """Of orders whose raw rows are all usable: time, channel, money and whether they count.

    Where prices contain tax (the shop in euros), what a discount was before tax is known to a cent a line only, since
    the platform rounds the tax of each line; net money is exact there too.
    """
    complete = "select order_id from truth.orders where raw_state = 'complete'"
    truth = f"""
        select order_id, ordered_at, channel, is_valid, case when currency = 'USD' then gross end, gross - discount,
            refunded, net, currency
        from truth.orders where order_id in ({complete})
    """
    marts = f"""
        select order_id, ordered_at, sales_channel, is_valid, case when currency_code = 'USD' then gross_revenue end,
            gross_revenue - discount_amount, refunded_amount, net_revenue, currency_code
        from warehouse.marts.orders where order_id in ({complete})
    """
    assert compare(shop, truth, marts) == []


def test_every_raw_row_meets_its_fate(shop):
    """Late, repeated, deleted and corrupt rows are found where they were planted, and nowhere else."""
    counts = ", ".join(
        f"coalesce(sum(rows) filter (where fate = '{fate}'), 0)::bigint"
        for fate in ("staged", "duplicate", "tombstone", "quarantined")
    )
    truth = f"select system, table_name, {counts} from truth.raw_counts where system in {SYSTEMS} group by all"
    marts = """
        select system, table_name, staged_rows, duplicate_rows, tombstone_rows, quarantined_rows
        from warehouse.quality.row_accounting where raw_rows > 0
    """
    assert compare(shop, truth, marts) == []
