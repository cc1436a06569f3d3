"""Orders and raw rows of the simulated shop, whose truth comes from simulated lives and not from these models."""

import pytest

# The base model of a raw table whose rows are followed one by one, and the key of a row.
FOLLOWED = {
    ("shopify", "orders"): "shop_url || ':' || shopify_order_id",
    ("shopify", "order_refunds"): "shop_url || ':' || refund_id",
    ("shopify", "transactions"): "shop_url || ':' || transaction_id",
    ("pos", "sales"): "store_id || ':' || sale_id",
    ("pos", "sale_lines"): "store_id || ':' || sale_id || ':' || line_no",
    ("talon_one", "loyalty_transactions"): "transaction_uuid",
}


def test_orders_are_those_of_the_shop_to_the_cent(simulated):
    """Of orders whose raw rows are all usable: time, channel, money and whether they count.

    Where prices contain tax (the shop in euros), what a discount was before tax is known to a cent a line only, since
    the platform rounds the tax of each line; net money is exact there too.
    """
    complete = "order_id in (select order_id from truth.orders where raw_state = 'complete')"
    simulated.same(
        f"""
        select order_id, ordered_at, sales_channel, is_valid, case when currency_code = 'USD' then gross_revenue end,
            gross_revenue - discount_amount, refunded_amount, net_revenue, currency_code
        from marts.orders where {complete}
        """,
        f"""
        select order_id, ordered_at, channel, is_valid, case when currency = 'USD' then gross end, gross - discount,
            refunded, net, currency
        from truth.orders where {complete}
        """,
        60_000,
    )


def test_orders_that_were_deleted_or_cannot_be_read_are_not_there(simulated):
    simulated.same(
        "select order_id from marts.orders",
        "select order_id from truth.orders where raw_state in ('complete', 'partial')",
    )


def test_refunds_are_those_of_the_shop_to_the_cent(simulated):
    """Refunds of orders that the truth calls complete; those that move no money are worth what was given back."""
    simulated.same(
        """
        select refund_id, any_value(order_id), any_value(refunded_at), sum(net_revenue), any_value(currency_code)
        from marts.refunds
        where refund_id not in (select refund_id from truth.refunds where raw_state <> 'complete')
        group by refund_id
        """,
        "select refund_id, order_id, refunded_at, merchandise, currency from truth.refunds"
        " where raw_state = 'complete'",
        4_000,
    )


@pytest.fixture(scope="module")
def fates(simulated):
    """The view `fates`: every raw row as the base models see it, with its key in those of FOLLOWED."""
    models = simulated.sql(
        """
        select table_name, bool_or(column_name = 'raw_table') from information_schema.columns
        where table_schema = 'staging' and table_name like 'base_%' group by table_name
        """
    )
    parts = []
    for model, has_many in models:
        system, name = model.removeprefix("base_").split("__")
        parts.append(
            f"select '{system}' as system, {'raw_table' if has_many else repr(name)} as table_name,"
            f" {FOLLOWED.get((system, name), 'null')} as record_key, loaded_at, row_status as fate from staging.{model}"
        )
    simulated.connection.execute(f"create or replace temp view fates as {' union all '.join(parts)}")
    return simulated


def test_every_raw_row_meets_its_fate(simulated):
    fates = ("staged", "duplicate", "tombstone", "quarantined")
    ours = " union all ".join(
        f"select system, table_name, '{fate}', {fate}_rows from quality.row_accounting where {fate}_rows > 0"
        for fate in fates
    )
    simulated.same(ours, "select * from truth.raw_counts where rows > 0", 200)
    simulated.same(
        "select system, table_name, raw_rows from quality.row_accounting where raw_rows > 0",
        "select system, table_name, sum(rows) from truth.raw_counts group by all",
    )


def test_rows_are_refused_and_left_out_of_the_load_in_which_it_happened(fates):
    """Of all raw tables: copies, older versions, deletions and corrupt rows, by when they were delivered."""
    columns = "system, table_name, loaded_at, fate"
    fates.same(
        f"select {columns} from temp.fates where fate <> 'staged'",
        f"select {columns} from truth.raw_rows where fate <> 'staged'",
        500_000,
    )


def test_refused_and_left_out_rows_are_those_that_were_planted(fates):
    """Row by row; of a row whose key itself cannot be read only when it came is known, as tested above."""
    followed = "(system, table_name) in (" + ", ".join(map(str, FOLLOWED)) + ")"
    columns = "system, table_name, record_key, loaded_at, fate"
    ours = f"select {columns} from temp.fates where {followed} and fate <> 'staged'"
    truth = f"select {columns} from truth.raw_rows where {followed} and fate <> 'staged'"
    assert fates.sql(f"from ({ours} and record_key is not null) except all from ({truth}) limit 5") == []
    fates.same(
        f"select distinct fate from ({ours} and record_key is null)",
        "select 'quarantined'",
    )
    ((keyless,),) = fates.sql(f"select count(*) from ({ours} and record_key is null)")
    ((missing,),) = fates.sql(f"select count(*) from (from ({truth}) except all from ({ours}))")
    assert missing == keyless


def test_late_receipts_are_those_that_were_held_back(fates):
    """A receipt arrives with the load of the next morning, or it is late; the first load brings the history."""
    fates.same(
        """
        select store_id || ':' || sale_id as record_key from staging.base_pos__sales
        where row_status in ('staged', 'duplicate')
        group by store_id, sale_id
        having min(loaded_at)
            > greatest(date_trunc('day', min(sold_at)) + interval 34 hour, timestamp '2024-01-01 10:00')
        """,
        "select distinct record_key from truth.raw_rows where trap = 'late_row' and table_name = 'sales'",
        200,
    )
